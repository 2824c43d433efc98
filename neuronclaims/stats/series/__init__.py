"""Judge one effect again and again, as a model is trained: a series of looks is one test."""
