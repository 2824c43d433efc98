"""Where the sites of a model are: given by name, or derived from its modules."""
