"""Protection of respondents: what may not be published, what else must go so that it cannot be worked out, and the proof."""
