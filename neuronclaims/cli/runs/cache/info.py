"""``neuronclaims cache info``: what is kept."""

from __future__ import annotations

import time

from neuronclaims.cli.options import Cache
from neuronclaims.cli.output import say
from neuronclaims.cli.runs.cache.amounts import size_words
from neuronclaims.cli.runs.cache.places import cache_at, say_foreign
from neuronclaims.foreign_text import one_line

EXAMPLES = ("neuronclaims cache info",)


def run(cache: Cache = None) -> int:
    """List what is kept, for which models, and its size."""
    from neuronclaims.cache.maintenance import contents, foreign, notes

    found = cache_at(cache)
    kept = contents(found)
    size = size_words(sum(each.size for each in kept))
    say(f"{found.folder}: {size} for {len(kept)} models and ways to run them")
    if found.distrust:
        say(one_line(f"not read by a run without --claims-trust-cache: {found.distrust}"))
    for each in kept:
        about = dict(each.about or {})
        name = about.pop("model", "a model that no context.json names")
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.used))
        say("", one_line(f"{name} ({each.folder.name})"))
        say(
            f"  {each.prompts:,} texts in {len(each.files):,} files, {size_words(each.size)}, last used {used}"
        )
        if about:
            say("  " + one_line(", ".join(f"{key} {value}" for key, value in about.items())))
        if each.leftovers:
            say(
                f"  {len(each.leftovers)} leftovers of runs that were killed, or damaged files: prune removes them"
            )
    known = notes(found)
    if known.files:
        say("", f"what judging gave: {len(known.files):,} files, {size_words(known.size)}")
    say_foreign(foreign(found))
    return 0
