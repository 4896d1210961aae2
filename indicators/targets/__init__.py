"""Targets held against results: gap, pace, verdict and doubt, and the dated path."""
