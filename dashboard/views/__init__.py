"""One short file per page, which only orders its blocks."""
