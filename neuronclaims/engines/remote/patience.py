"""How long a worker may be at one question before it is taken to hang."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from time import monotonic

UNKNOWN = 3600.0
"""Seconds for what nobody has done yet in this run: to load a model, or the first batch of some work."""
LEAST = 600.0
"""Seconds that a batch always has, however fast others were."""
TIMES = 30
"""A batch may take so many times as long as the slowest one of the same work, for each character of its texts."""
_GLANCE = 30.0
"""At most so many seconds count between two looks: who does not look, or was asleep, sees no answers either."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What is alike in its time for each character: ``work``, and the ``size`` of a part of it in characters."""

    work: Hashable
    size: int

    @classmethod
    def of(cls, work: Hashable, texts: tuple[str, ...]) -> Effort:
        """Return the effort of some texts; each counts for something, also an empty one."""
        return cls(work, sum(len(text) + 1 for text in texts))


class Patience:
    """How long a question may be open, in seconds in which somebody looked.

    With ``most`` no question may take longer than that. Otherwise a batch has ``TIMES`` as long as the slowest one that
    was answered, by the size of its texts, and at least ``LEAST``; what nobody has done yet has ``UNKNOWN``.

    >>> patience = Patience()
    >>> patience.limit(Effort("work", 1000)), patience.limit(None)
    (3600.0, 3600.0)
    >>> patience.learn(Effort("work", 500), 100.0)
    >>> patience.limit(Effort("work", 1000))
    6000.0
    """

    def __init__(self, most: float | None = None, clock: Callable[[], float] = monotonic) -> None:
        self._most, self._clock = most, clock
        self._slowest: dict[Hashable, float] = {}
        self._looked, self._seen = clock(), 0.0

    @property
    def now(self) -> float:
        """Seconds in which somebody looked, up to the last look."""
        return self._seen

    def look(self) -> None:
        """Count the time since the last look."""
        now = self._clock()
        self._seen += min(now - self._looked, _GLANCE)
        self._looked = now

    def learn(self, effort: Effort, seconds: float) -> None:
        """Remember how long something took."""
        self._slowest[effort.work] = max(self._slowest.get(effort.work, 0.0), seconds / effort.size)

    def limit(self, effort: Effort | None) -> float:
        """Return how long something may take."""
        if self._most is not None:
            return self._most
        slowest = self._slowest.get(effort.work) if effort is not None else None
        return UNKNOWN if effort is None or slowest is None else max(LEAST, TIMES * slowest * effort.size)
