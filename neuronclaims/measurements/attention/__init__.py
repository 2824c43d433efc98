"""How much heads look at tokens: the measurement, as plain data."""
