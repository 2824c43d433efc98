"""Say how many units there are."""

from __future__ import annotations


def sizes_in_words(counts: tuple[int, ...], unit: str) -> str:
    """Say how many units one set or several have; in pairs of two sets the number counts once.

    >>> sizes_in_words((12, 12), "pair"), sizes_in_words((8, 8), "prompt"), sizes_in_words((5, 6, 7), "prompt")
    ('12 pairs', '8 prompts per set', '5, 6 and 7 prompts')
    """
    if len(counts) == 1 or unit == "pair":
        return f"{counts[0]:,} {unit}{'' if counts[0] == 1 else 's'}"
    if len(set(counts)) == 1:
        return f"{counts[0]:,} {unit}s per set"
    *first, last = (f"{count:,}" for count in counts)
    return f"{', '.join(first)} and {last} {unit}s"
