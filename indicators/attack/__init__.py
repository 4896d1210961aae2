"""Attack: what an outsider can work out from numbers that were published, tried on our own editions before others do."""
