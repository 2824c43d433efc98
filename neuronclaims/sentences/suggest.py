"""The one did-you-mean, and lists as a sentence says them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that ``word`` was probably meant to be, or None when none is near."""
    by_fold = {candidate.casefold(): candidate for candidate in candidates}
    folded = word.casefold()
    if folded in by_fold:
        return by_fold[folded]
    if len(word) > 80:  # difflib takes quadratic time, and nobody mistypes so long a word
        return None
    near = difflib.get_close_matches(folded, by_fold, n=1, cutoff=0.6)
    return by_fold[near[0]] if near else None


def either(options: Sequence[str]) -> str:
    """Join options as a sentence does: ``a``, ``a or b``, ``a, b or c``."""
    if len(options) < 2:
        return "".join(options)
    return f"{', '.join(options[:-1])} or {options[-1]}"
