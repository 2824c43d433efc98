pytest_plugins = ["pytester"]

# Claim files that are wrong on purpose, or need models that are elsewhere; tests read them themselves.
collect_ignore_glob = ["tests/language/malformed/*", "tests/real_models/*.claims.yaml"]
