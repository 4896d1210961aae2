"""Small pieces of escaped HTML of which pages are made."""
