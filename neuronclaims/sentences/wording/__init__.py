"""The wording of a template, in words and fields."""
