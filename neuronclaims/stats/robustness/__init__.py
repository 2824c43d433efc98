"""Does a verdict rest on single units? Each left out in turn, some left out together, and all drawn anew."""
