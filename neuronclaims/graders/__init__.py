"""Functions of one's own that grade texts, by the names that claims call them."""
