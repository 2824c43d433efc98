"""Write results for people and programs: one writer per format, each with the same results."""
