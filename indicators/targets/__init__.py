"""Targets held against results: gap, verdict and doubt, path, who must move, what if, alerts."""
