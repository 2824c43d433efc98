"""Commands for claim files: begin one, check them, and look up what may stand in them."""
