"""A claim about an AUROC with an interval made by hand, put to decide."""

from __future__ import annotations

from flat import decide

from neuronclaims.stats import EffectSize, Estimate


def estimate(low, value, high, name="AUROC"):
    return Estimate(EffectSize(name, name), value, low, high, 0.95, "by hand")


def judge(low, value, high, *, side="greater", threshold=None, p=0.01, least=0.001, **more):
    return decide(
        side=side,
        null=more.pop("null", 0.5),
        threshold=threshold,
        estimate=estimate(low, value, high),
        p_adjusted=p,
        smallest_p_adjusted=least,
        **more,
    )
