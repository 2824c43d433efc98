"""How prompts are continued: the keys of ``generate``, and whether claims have use for them."""
