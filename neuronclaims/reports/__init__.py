"""Results to what people and programs read; one writer per format, each fed the same results."""
