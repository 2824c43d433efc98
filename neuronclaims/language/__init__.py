"""Text to claims: claim files with line marks, sentences, schema, prompt sets, and errors with their place.

This room does not know which kinds of claim there are; kinds hand it their phrases.
"""
