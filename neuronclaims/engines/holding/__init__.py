"""What a run holds in memory: rows up to a bound, and the rest on disk."""
