pytest_plugins = ["pytester"]

# Claim files that are wrong on purpose, or need models that are elsewhere; tests read them themselves.
# needs_a_list has those that name a file which is not here.
collect_ignore_glob = [
    "tests/claim_files/malformed/*",
    "tests/real_models/*.claims.yaml",
    "claims/published/needs_a_list/*.claims.yaml",
]

# What others published, on models that are large: collected where the folder or a file of it is named.
collect_ignore = ["claims/published"]
