"""What if: chosen categories moved, and the national number with its judgement worked out."""
