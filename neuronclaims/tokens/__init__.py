"""Which tokens of a prompt count: spans by name, how claim files write them, and where they lie in a split text."""
