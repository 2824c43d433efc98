"""Where models really run: everything in this room may import torch and transformers."""
