"""Whether a model gives what the cache holds: one known text of each job is measured again, alone, and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import SystemRandom

import numpy as np
from numpy.typing import NDArray

from neuronclaims.cache.number_types import PLAIN
from neuronclaims.engines.engine import Engine
from neuronclaims.measurements.activations import Pooled
from neuronclaims.measurements.changing.controls import ControlNeed
from neuronclaims.measurements.changing.needs import ChangeNeed
from neuronclaims.measurements.continuations import ContinuationNeed
from neuronclaims.measurements.errors import shorten
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import jobs
from neuronclaims.measurements.pools import BeyondPool, MassivePool
from neuronclaims.measurements.views.view import is_smooth

_STEPS = {"bfloat16": 2.0**-8, "float16": 2.0**-11}
"""How far a value may lie from the one that was kept, as a share of its size, where activations are kept so."""

Rows = Mapping[str, NDArray[np.float32]]


def disagreement(engine: Engine, known: Mapping[Need, Rows], store: str = PLAIN) -> str | None:
    """Return where a model gives other values than are known, in words; None where it gives the same.

    Which text of a job is looked at is drawn anew each time. As much as rounding may do in a batch is allowed,
    and what the number type ``store`` rounds away.
    """
    drawn = SystemRandom()
    work = [
        replace(job, items=(drawn.choice(job.items),))
        for job in jobs({need: list(rows) for need, rows in known.items() if _smooth(need)})
    ]
    for finished in engine.run(work, "verifying"):
        for need, values in finished.values.items():
            for item, now in zip(finished.items, values, strict=True):
                then = known[need].get(item)
                if then is not None and not _agree(engine, need, now, then, _STEPS.get(store, 0.0)):
                    return f"{need} is not what it was for {shorten(item)}"
    failed = next(iter(engine.failures.items()), None)
    return f"{failed[0][0]} was known for {shorten(failed[0][1])}, and now: {failed[1]}" if failed else None


def _smooth(need: Need) -> bool:
    """Say whether rounding moves a need's values a little only: no counts beyond a bound, no choice by size."""
    if isinstance(need, ControlNeed) or not all(is_smooth(site) for site, _ in need.places):
        return False
    return not (isinstance(need, Pooled) and isinstance(need.pool, (BeyondPool, MassivePool)))


def _agree(
    engine: Engine, need: Need, now: NDArray[np.float32], then: NDArray[np.float32], step: float
) -> bool:
    if isinstance(need, ContinuationNeed) or (need.new_tokens and isinstance(need, ChangeNeed)):
        return bool(np.array_equal(now, then))
    finite = np.isfinite(then)
    if now.shape != then.shape or not np.array_equal(finite, np.isfinite(now)):
        return False
    now, then = now[finite], then[finite]
    allowed = (engine.tolerance + step) * max(float(np.abs(now).max(initial=0.0)), 1e-3)
    return bool(np.abs(now - then).max(initial=0.0) <= allowed)
