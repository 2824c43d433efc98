"""Devices: what this machine has of them, where parts of a model lie, free memory and how it runs out."""
