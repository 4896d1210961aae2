"""Papers to print and sign: the risk assessment, the sheet of a scenario."""
