"""The cells of the calibration page: simulations in which the right answer is known."""
