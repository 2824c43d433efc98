"""What a model is: the files of its folder or the state of its object, hashed."""
