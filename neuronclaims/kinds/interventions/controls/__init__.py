"""What changed neurons are compared with."""
