"""Claim files on drawn values: how a file is written, judged by ``Study``, and held against textbook tests."""
