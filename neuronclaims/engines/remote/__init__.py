"""Engines whose models are in other processes: what is asked of a worker, who is given which piece, and Ray."""
