"""``neuronclaims cache info | verify | prune | clear``: look after what was measured."""
