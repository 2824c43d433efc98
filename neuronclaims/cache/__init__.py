"""The run cache: values measured once are read back, and damaged ones never."""
