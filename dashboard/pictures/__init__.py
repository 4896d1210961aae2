"""Pictures of figures as files, drawn without a browser."""
