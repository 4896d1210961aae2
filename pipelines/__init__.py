"""From raw files to checked tables. This room knows the dictionary of a plan, and no indicator."""
