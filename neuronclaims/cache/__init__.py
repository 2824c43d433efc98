"""The run cache: what was measured once is read back, and nothing wrong ever is."""
