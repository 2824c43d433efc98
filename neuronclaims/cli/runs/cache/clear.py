"""``neuronclaims cache clear``: everything removed."""

from __future__ import annotations

from neuronclaims.cli.options import Cache
from neuronclaims.cli.runs.cache.places import cache_at, say_freed

EXAMPLES = ("neuronclaims cache clear",)


def run(cache: Cache = None) -> int:
    """Remove everything that was measured."""
    from neuronclaims.cache.maintenance import clear

    return say_freed(clear(cache_at(cache)))
