"""Who holds a gap: contributions of categories that add up, and what of them may be told."""
