"""How long things take: survival curves, quantiles, resampled changes."""
