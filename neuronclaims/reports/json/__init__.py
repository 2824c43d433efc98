"""Results as claims.json, with a versioned schema."""
