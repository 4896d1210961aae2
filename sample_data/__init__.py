"""Synthetic data: a seeded generator of an invented industry, and small files it made."""
