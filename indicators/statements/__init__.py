"""The one SQL statement of a question, and the cells that come back from it."""
