"""A session that is saved or compared with a baseline."""
