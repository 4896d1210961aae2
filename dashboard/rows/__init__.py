"""Rows of an edition as objects: numbers held against targets, and what was judged of them."""
