"""What is asked of documents of any length: a neuron beside labels, positions or the top prediction, token by token."""
