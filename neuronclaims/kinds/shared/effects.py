"""Make effects of numbers that are counted, without uncertainty."""

from __future__ import annotations

from neuronclaims import stats


def counted(key: str, name: str, value: float | None) -> stats.Estimate:
    """Return a number that was counted, without an interval.

    >>> counted("share_of_layers", "share of layers", 0.25).value
    0.25
    """
    return stats.Estimate(stats.EffectSize(key, name), value, None, None, 0.95, "counted on these prompts")
