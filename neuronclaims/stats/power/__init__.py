"""How many prompts a claim needs, and how likely it is to be supported with those there are."""
