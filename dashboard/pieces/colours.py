"""The same colour for the same thing everywhere; each stands out on light and on dark ground (contrast at least 3.6)."""

OURS = "#3A7CBD"  # what this edition measured
TARGET = "#B8651B"  # what the plan demands
MUTED = "#76838F"  # what others published, and what is withheld
GRID = "rgba(118, 131, 143, 0.22)"
SOFT = "rgba(58, 124, 189, 0.16)"  # an interval of ours
PALE = "rgba(58, 124, 189, 0.28)"  # ours, of less weight; with an outline in full
OTHER = "#8E6BB0"  # the second of two that are compared
