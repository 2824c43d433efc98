"""The subjects of claims, as several kinds use them."""
