"""The data catalogue: in words, as JSON, as DCAT."""
