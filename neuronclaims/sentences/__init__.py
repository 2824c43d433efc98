"""The template language: how a kind of claim reads, and how a sentence is read into its parts."""
