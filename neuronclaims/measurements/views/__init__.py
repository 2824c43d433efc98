"""Views: other numbers made from the values at a site, which can be read and changed like neurons."""
