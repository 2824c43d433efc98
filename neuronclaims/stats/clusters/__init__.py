"""Search of a grid for places where two sets differ: the mass of clusters of t."""
