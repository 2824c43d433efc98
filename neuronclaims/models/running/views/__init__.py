"""What reads viewed sites from the values at their base, and writes them back, while a model runs."""
