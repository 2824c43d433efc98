"""What pytest is told of a claim: with its result, after re-runs, and fit to be printed."""
