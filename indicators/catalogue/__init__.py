"""The plan as data: its identity, formulas, indicators and questions, and what is wrong with a plan folder."""
