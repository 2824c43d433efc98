"""Groups of values: each value of few, the shape of many, and beside them the effect made of them."""
