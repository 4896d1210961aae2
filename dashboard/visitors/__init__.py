"""Who comes in, what each may see, and the door in front of the app."""
