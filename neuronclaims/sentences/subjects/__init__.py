"""What sentences are about: neurons, lists of them, layers."""
