"""Single tests and intervals on drawn values: what the verdicts are made of."""
