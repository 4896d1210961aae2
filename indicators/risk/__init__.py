"""The risk assessment of a store: what is held, how it is kept, who can reach it, and what may come of that."""
