"""What a change is said to lower or raise: tokens, losses, entropies, what is written."""
