"""How fast a model ran on this machine, kept beside its values in the run cache.

A timing is what one piece of work took: so many calls of the model on so many tokens in all. What other work would
take follows from a line through timings: seconds for each call, and seconds for each token.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TypeGuard

from neuronclaims.cache import layout
from neuronclaims.cache.whole import write_whole
from neuronclaims.foreign_files import ForeignFileError, read_json_object

MOST_TIMINGS, MOST_KINDS = 16, 64
"""How many timings of one kind of work are kept, the latest, and of how many kinds."""
_SLOWEST = 1e7
"""Seconds, a third of a year, that nothing takes: loading, one call of a model, or one token."""
_LARGEST = 1e15
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Timing:
    """The ``seconds`` that some work took: ``calls`` of the model on ``tokens`` in all, both as of the whole model."""

    calls: float
    tokens: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds for each call of a model, and for each token that goes through it."""

    call: float
    token: float

    def seconds(self, calls: float, tokens: float) -> float:
        """Return how long some work takes."""
        return self.call * calls + self.token * tokens

    @classmethod
    def fitted(cls, timings: Sequence[Timing]) -> Pace:
        """Return the line through some timings, at least one, whose two slopes are not below 0.

        Squares are weighted by 1 / seconds: the larger a timing, the larger the error it may have.

        >>> Pace.fitted([Timing(1, 10, 1.2), Timing(2, 50, 3.0)])
        Pace(call=1.0, token=0.02)
        """
        calls, tokens, both, of_calls, of_tokens = 0.0, 0.0, 0.0, 0.0, 0.0
        for each in timings:
            weight = 1 / max(each.seconds, 1e-9)
            calls += weight * each.calls**2
            tokens += weight * each.tokens**2
            both += weight * each.calls * each.tokens
            of_calls += weight * each.calls * each.seconds
            of_tokens += weight * each.tokens * each.seconds
        spread = calls * tokens - both**2
        if len(timings) > 1 and spread > 1e-6 * calls * tokens:
            call = (of_calls * tokens - of_tokens * both) / spread
            token = (of_tokens * calls - of_calls * both) / spread
            if call >= 0 and token >= 0:
                return cls(round(call, 12), round(token, 12))
            if call < 0:
                return cls(0.0, of_tokens / tokens)
            return cls(of_calls / calls, 0.0)
        return cls(0.0, of_tokens / tokens) if tokens else cls(of_calls / calls if calls else 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Speeds:
    """What runs of a model took on this machine, the latest last.

    ``importing`` are seconds until the libraries are there, ``loading`` until the model is. ``proving`` has the places
    of a model that were looked at before anything was read, as calls. ``work`` is by kind.
    """

    importing: tuple[float, ...] = ()
    loading: tuple[float, ...] = ()
    proving: tuple[Timing, ...] = ()
    work: Mapping[str, tuple[Timing, ...]] = field(default_factory=dict)

    def __or__(self, newer: Speeds) -> Speeds:
        """Return both together; of each kind the latest are kept."""
        kinds = {**self.work, **{kind: (*self.work.get(kind, ()), *new) for kind, new in newer.work.items()}}
        latest = [*kinds.items()][-MOST_KINDS:]
        return Speeds(
            (*self.importing, *newer.importing)[-MOST_TIMINGS:],
            (*self.loading, *newer.loading)[-MOST_TIMINGS:],
            (*self.proving, *newer.proving)[-MOST_TIMINGS:],
            {kind: found[-MOST_TIMINGS:] for kind, found in latest},
        )

    @property
    def start(self) -> float | None:
        """Seconds from nothing to a loaded model; None where it was not loaded yet."""
        return (
            median(self.loading) + (median(self.importing) if self.importing else 0.0)
            if self.loading
            else None
        )

    @property
    def count(self) -> int:
        """The number of timings."""
        works = sum(map(len, self.work.values()))
        return len(self.importing) + len(self.loading) + len(self.proving) + works

    def proof(self, places: int) -> float:
        """Return the seconds to look at so many places before anything is read."""
        return Pace.fitted([Timing(each.calls, 0.0, each.seconds) for each in self.proving]).call * places


def this_machine() -> str:
    """Return the key of this machine and the threads that this process may use; it tells nobody the machine's name."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    parts = [platform.node(), platform.machine(), str(os.cpu_count()), given]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def read_speeds(folder: Path) -> tuple[Speeds, str | None]:
    """Return the speeds kept for this machine in a context's folder, and why its file is not used, or None.

    A file that was damaged or that others wrote is no error: nothing is known then, and where only some of its timings
    cannot be right, these are left out.
    """
    path = folder / layout.SPEEDS
    if not os.path.lexists(path):
        return Speeds(), None
    try:
        if not layout.is_file(path):
            raise ValueError("it is no regular file")
        kept = read_json_object(path, layout.LARGEST_NOTE)
        if kept.get("version") != _VERSION:
            raise ValueError(f"its version is not {_VERSION}")
        machines = _mapping(kept.get("machines"))
        found = _mapping(machines.get(this_machine(), {}))
        speeds = _speeds(found)
        wrong = _count(found) - speeds.count
    except (OSError, ForeignFileError, ValueError) as error:
        return Speeds(), f"kept speeds are not used, since {path} cannot be right: {error}"
    lines = "a timing" if wrong == 1 else f"{wrong} timings"
    return (
        speeds,
        f"{lines} of the speeds kept in {path} cannot be right, and are left out" if wrong else None,
    )


def keep_speeds(folder: Path, newer: Speeds) -> None:
    """Add speeds to those of this machine; do nothing where the folder cannot be written, or something else is there.

    Two processes at once may lose the speeds of one of them: they are measured again.
    """
    path = folder / layout.SPEEDS
    if os.path.lexists(path) and not layout.is_file(path):
        return
    known, _ = read_speeds(folder)
    machines: dict[str, object] = {}
    with suppress(OSError, ForeignFileError, ValueError):
        machines = dict(_mapping(read_json_object(path, layout.LARGEST_NOTE).get("machines")))
    # Of many machines on one cache the last are kept.
    others = {name: found for name, found in machines.items() if name != this_machine()}
    machines = {**dict([*others.items()][-3:]), this_machine(): _plain(known | newer)}
    text = json.dumps({"version": _VERSION, "machines": machines})
    if len(text) > layout.LARGEST_NOTE:
        text = json.dumps({"version": _VERSION, "machines": {this_machine(): _plain(known | newer)}})
    with suppress(OSError):
        write_whole(path, text.encode())


def _plain(speeds: Speeds) -> dict[str, object]:
    return {
        "importing": _seconds([round(each, 6) for each in speeds.importing]),
        "loading": _seconds([round(each, 6) for each in speeds.loading]),
        "proving": _numbers(speeds.proving),
        "work": {kind: _numbers(found) for kind, found in speeds.work.items()},
    }


def _numbers(timings: Iterable[Timing]) -> list[list[float]]:
    rounded = ([round(each.calls, 3), round(each.tokens, 3), round(each.seconds, 6)] for each in timings)
    return [each for each in rounded if _timing(each) is not None]


def _speeds(found: Mapping[str, object]) -> Speeds:
    work = _mapping(found.get("work", {}))
    if len(work) > MOST_KINDS:
        raise ValueError(f"it has more than {MOST_KINDS} kinds of work")
    return Speeds(
        _seconds(found.get("importing", [])),
        _seconds(found.get("loading", [])),
        _timings(found.get("proving", [])),
        {kind: timings for kind, each in work.items() if (timings := _timings(each))},
    )


def _count(found: Mapping[str, object]) -> int:
    """Return how many timings there are, right or not."""
    work = _mapping(found.get("work", {}))
    each = [*(found.get(name, []) for name in ("importing", "loading", "proving")), *work.values()]
    return sum(len(_list(timings)) for timings in each)


def _seconds(found: object) -> tuple[float, ...]:
    """Return the numbers of a list that are seconds which something may take."""
    return tuple(float(each) for each in _list(found) if _is_number(each) and _is_possible(each))


def _timings(found: object) -> tuple[Timing, ...]:
    return tuple(timing for each in _list(found) if (timing := _timing(each)) is not None)


def _timing(found: object) -> Timing | None:
    """Return three numbers as a timing; None for what no timing can be: of no call, in no time, or without end."""
    if not isinstance(found, list) or len(found) != 3 or not all(map(_is_number, found)):
        return None
    calls, tokens, seconds = found
    if not (1 <= calls <= _LARGEST and 0 <= tokens <= _LARGEST and 0 < seconds <= _LARGEST):
        return None
    if not (_is_possible(seconds / calls) and (not tokens or _is_possible(seconds / tokens))):
        return None
    return Timing(float(calls), float(tokens), float(seconds))


def _is_number(found: object) -> TypeGuard[float]:
    return isinstance(found, (int, float)) and not isinstance(found, bool)


def _is_possible(seconds: float) -> bool:
    """Say whether something may take so long; false for NaN, and no overflow where an integer is huge."""
    return 0 < seconds <= _SLOWEST


def _list(found: object) -> Sequence[object]:
    if not isinstance(found, list) or len(found) > MOST_TIMINGS:
        raise ValueError("what should be a short list is none")
    return found


def _mapping(found: object) -> Mapping[str, object]:
    if not isinstance(found, dict):
        raise ValueError("what should be an object is none")
    return found
