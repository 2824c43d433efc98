"""Results in a terminal: a table where it is wide, a list elsewhere."""
