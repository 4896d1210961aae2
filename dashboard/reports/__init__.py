"""Reports as descriptions without any format, what composes them, and one renderer for each format."""
