"""What the prompts of claims can show, before any model runs."""
