"""Where the weights of attention are read while a model runs, and how they are measured."""
