"""How weights are made: response groups, calibration, and what the register states."""
