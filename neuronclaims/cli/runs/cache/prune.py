"""``neuronclaims cache prune``: room made."""

from __future__ import annotations

from typing import Annotated

import typer

from neuronclaims.cli.options import Cache
from neuronclaims.cli.runs.cache.amounts import seconds, size
from neuronclaims.cli.runs.cache.places import cache_at, say_freed

EXAMPLES = ("neuronclaims cache prune --older-than 30d", "neuronclaims cache prune --max-size 2GB")


def run(
    older_than: Annotated[
        float | None,
        typer.Option(
            metavar="AGE", parser=seconds, help="remove what was not used for this long: 30d, 12h, 2w"
        ),
    ] = None,
    max_size: Annotated[
        int | None,
        typer.Option(
            metavar="SIZE", parser=size, help="remove the least recently used beyond this: 500MB, 2GB"
        ),
    ] = None,
    cache: Cache = None,
) -> int:
    """Remove values that were not used for long, or that exceed a size.

    Leftovers of runs that were killed, and damaged files, are removed in any case.
    """
    from neuronclaims.cache.maintenance import prune

    return say_freed(prune(cache_at(cache), older_than=older_than, max_size=max_size))
