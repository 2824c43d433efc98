"""Models: where they are, what they are, and how they are run. torch is imported only in models.running."""
