"""``neuronclaims cache verify``: damage found."""

from __future__ import annotations

from neuronclaims.cli.options import Cache
from neuronclaims.cli.output import say
from neuronclaims.cli.runs.cache.places import cache_at, say_foreign
from neuronclaims.foreign_text import one_line

EXAMPLES = ("neuronclaims cache verify",)


def run(cache: Cache = None) -> int:
    """Compare all checksums, and set aside what is damaged.

    What is set aside is measured again by the next run. The exit status is 1 where anything is damaged.
    """
    from neuronclaims.cache.maintenance import foreign, verify

    found = cache_at(cache)
    count, damaged = verify(found)
    for line in damaged:
        say(one_line(f"damaged, set aside: {line}"))
    say_foreign(foreign(found))
    say(f"{count:,} files read, {len(damaged)} damaged" + (": they are measured again" if damaged else ""))
    return 1 if damaged else 0
