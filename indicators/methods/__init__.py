"""What other official methods say of the same numbers."""
