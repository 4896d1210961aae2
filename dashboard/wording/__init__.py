"""What is said of a number, in sentences and short forms, in both languages."""
