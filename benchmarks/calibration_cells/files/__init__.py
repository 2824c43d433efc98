"""The questions put to claim files, one file per sort of claim."""
