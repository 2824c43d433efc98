"""Values of the keys of claim files."""
