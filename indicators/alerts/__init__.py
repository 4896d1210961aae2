"""What a reader of the former edition should be told."""
