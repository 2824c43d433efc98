"""How a model is to be loaded: what claim files, options and Python may say of it."""
