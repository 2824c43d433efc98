"""Where values are changed while a model runs."""
