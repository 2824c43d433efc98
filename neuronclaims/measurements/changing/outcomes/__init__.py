"""What is read of a model's run on a text, before and after a change: one file per sort."""
