"""Arrays of answers, as they lie in memory or in files."""
