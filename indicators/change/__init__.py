"""Two waves held against each other: covariance, change, decomposition, composition, panels."""
