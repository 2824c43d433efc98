"""Results as cells of a notebook: static HTML that needs no script and harms no page around it."""
