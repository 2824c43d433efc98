"""Labels of stretches of a prompt: read from rows and claim files, put into the text, named by sentences."""
