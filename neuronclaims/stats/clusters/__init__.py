"""Search a grid for places where two sets differ, by the mass of clusters of t."""
