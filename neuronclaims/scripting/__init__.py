"""The door for scripts and notebooks: judge sentences, texts and files, and look at what came of them."""
