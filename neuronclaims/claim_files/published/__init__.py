"""Where claims come from: the keys ``source`` and ``reported``."""
