"""What is read of a model before and after a change."""
