"""The rules of editing: what is wrong in rows that were accepted, what it is changed to, and why."""
