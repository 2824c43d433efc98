"""Which changes since the baseline fail a run: words such as ``lost,weaker:20%,missing``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias

from neuronclaims.baselines.rows import BaselineError

Status: TypeAlias = Literal[
    "held", "weaker", "stronger", "lost", "gained", "unclear", "edited", "untestable", "new", "missing"
]
STATUSES: tuple[Status, ...] = (
    "held",
    "weaker",
    "stronger",
    "lost",
    "gained",
    "unclear",
    "edited",
    "untestable",
    "new",
    "missing",
)
"""All that can become of a claim, in the order in which it is counted up."""

By: TypeAlias = Literal["values", "intervals", "number", "verdicts", "nothing"]
"""What of a claim was compared."""

FAILING = "lost"
"""What fails where nobody says: a gate that cannot fire is none."""

SHARE = 0.2
"""The share of its effect by which a claim may change and still be held, where nobody says."""

_WORD = re.compile(r"([a-z]+)(?::(\d+(?:\.\d+)?)\s*%)?")


@dataclass(frozen=True, slots=True)
class Policy:
    """The statuses that fail, and the shares of its effect beyond which a claim is weaker or stronger."""

    failing: frozenset[str]
    weaker: float = SHARE
    stronger: float = SHARE

    def fails(self, status: str) -> bool:
        """Say whether a claim of a status fails the run."""
        return status in self.failing


def parse_policy(text: str) -> Policy:
    """Read which statuses fail a run, joined by commas; ``weaker`` and ``stronger`` may have a share; or ``nothing``.

    Raises BaselineError for anything else.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if words == ["nothing"]:
        return Policy(frozenset())
    found = [_parsed(word) for word in words]
    if not found:
        raise BaselineError(f"Nothing is named that is to fail. Say {_ALL}, or 'nothing'.")
    shares: Mapping[str, float] = {name: share for name, share in found if share is not None}
    return Policy(frozenset(name for name, _ in found), **shares)


def tally(statuses: Iterable[str], policy: Policy) -> str:
    """Count claims by status: "3 claims compared: 2 held, 1 lost; 1 fails"."""
    found = Counter(statuses)
    total, failed = found.total(), sum(count for status, count in found.items() if policy.fails(status))
    parts = ", ".join(f"{found[status]} {status}" for status in STATUSES if found[status]) or "none"
    judged = f"; {failed} {'fails' if failed == 1 else 'fail'}" if failed else ""
    return f"{total} {'claim' if total == 1 else 'claims'} compared: {parts}{judged}"


def _parsed(word: str) -> tuple[str, float | None]:
    match = _WORD.fullmatch(word)
    names = [name for name in STATUSES if name != "held"]
    if match is None or match[1] not in names:
        near = get_close_matches(word.split(":")[0], names, n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise BaselineError(f"{word!r} is nothing that can fail a run: say {_ALL}.{meant}")
    name, share = match[1], match[2]
    if share is None:
        return name, None
    if name not in ("weaker", "stronger") or not 0 < float(share) < 100:
        raise BaselineError(
            f"{word!r}: a share above 0 and below 100 % goes with 'weaker' or 'stronger' alone, such as weaker:20%."
        )
    return name, float(share) / 100


_ALL = "any of lost, weaker:20%, stronger:20%, gained, unclear, edited, untestable, new, missing, by commas"
