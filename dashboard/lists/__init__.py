"""Lists for the terminal and for files."""
