pytest_plugins = ["pytester"]

# Claim files that are wrong on purpose; tests read them themselves.
collect_ignore_glob = ["tests/language/malformed/*"]
