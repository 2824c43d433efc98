pytest_plugins = ["pytester"]

# Claim files that are wrong on purpose, or need models that are elsewhere; tests read them themselves.
collect_ignore_glob = ["tests/claim_files/malformed/*", "tests/real_models/*.claims.yaml"]

# What others published, on models that are large: collected where the folder or a file of it is named.
collect_ignore = ["claims/published"]
