"""What was read of a claim file, put together: its claims, and the hash of all that they ask."""
