"""Kinds that say how a prediction changes while neurons are ablated, steered, scaled or clamped: one class of kinds."""
