"""Seeds that depend on what is tested, never on when or where."""

from __future__ import annotations

import hashlib


def seed_from(*parts: str, purpose: str, run_seed: int) -> int:
    """Return a 128-bit seed made from the content of ``parts``, the ``purpose`` and the seed of the run.

    The seed is the head of a SHA-256 over the length-prefixed texts, so no two different inputs run
    together and neither order of execution nor process nor Python version matters. ``purpose`` keeps the
    random numbers of, say, a permutation test and a bootstrap on the same claim apart.

    >>> seed_from("a", "b", purpose="permutation", run_seed=0) == seed_from("ab", purpose="permutation", run_seed=0)
    False
    """
    digest = hashlib.sha256()
    for text in (str(run_seed), purpose, *parts):
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return int.from_bytes(digest.digest()[:16], "little")
