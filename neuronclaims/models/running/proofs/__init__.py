"""Show, on a loaded model, that a site is what it is called, before anything is measured there."""
