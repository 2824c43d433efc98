"""How many of several hypotheses hold, whatever the dependence between their tests."""
