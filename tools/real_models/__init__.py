"""Real models for the tests: fetched from a package index, converted, never committed."""
