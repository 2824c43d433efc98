"""Kinds about the highest neurons: consistency and overlap."""
