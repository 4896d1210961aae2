"""Plotly figures, one short file each, from small frames of an edition."""
