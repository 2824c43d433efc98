"""YAML as text with positions: source, tree, checks of keys and values."""
