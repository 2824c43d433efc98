"""Files of prompts that are read row by row, as far as their rows are taken."""
