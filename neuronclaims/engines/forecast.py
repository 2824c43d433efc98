"""What a run of a model will take: time, memory and disk, of what is not in the run cache yet."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from neuronclaims.cache.context import Context, about_in
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.cache.speeds import Pace, Speeds, Timing, keep_speeds, read_speeds
from neuronclaims.engines.cost import Cost, cost_of_wanted
from neuronclaims.engines.measuring import Measuring
from neuronclaims.engines.memory import Memory, batch_bytes, row_bytes, weight_bytes
from neuronclaims.engines.stopwatch import Clock
from neuronclaims.engines.workload import Workload, guessed_lengths, workload_of
from neuronclaims.measurements import Measurement
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Job, jobs, union
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source

_ROW, _TENSOR, _FILE = 70, 110, 180
"""Bytes of a header: of a row's key, of what stands beside a tensor's name, and of all the rest."""
_NOTES = 2_200
"""Bytes of a new cache that say what it is: README.txt, context.json, speeds.json, hashes of model files."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run will take. ``seconds`` is None where it is not known, and ``untimed`` says why.

    ``cost`` is that of what has to run; ``texts`` and ``cached`` count all texts and those that the run cache answers.
    ``calls`` and ``tokens`` are how often the model is called and how many tokens go through it, as whole passes, by
    the jobs in ``work``; they are ``guessed`` where no tokenizer tells how long texts are. ``start`` is the part of
    ``seconds`` in which libraries and model are loaded, ``by_work`` the parts of the rest, by what is done. ``disk``
    are the bytes that the cache grows by. ``note`` says what was not used, such as a damaged file of speeds.
    """

    cost: Cost
    texts: int
    cached: int
    calls: float = 0.0
    tokens: float = 0.0
    guessed: bool = False
    work: tuple[Workload, ...] = ()
    start: float | None = None
    by_work: Mapping[str, float] | None = None
    untimed: str | None = None
    memory: Memory | None = None
    disk: int = 0
    piloted: bool = False
    note: str | None = None

    @property
    def seconds(self) -> float | None:
        """Seconds until everything is measured; judging the claims comes on top."""
        if self.start is None or self.by_work is None:
            return None
        return self.start + sum(self.by_work.values())


@dataclass(frozen=True, slots=True)
class Ways:
    """How a forecast is made: by a ``pilot`` where speeds are not known, with options, a cache, and a ``clock``."""

    pilot: bool = True
    cache: RunCache | None = None
    options: RunOptions = field(default_factory=RunOptions)
    report: Callable[[Progress], None] = lambda _: None
    clock: Clock = time.perf_counter


def forecast(
    source: Source,
    measurements: Sequence[Measurement],
    lengths: Mapping[str, int] | None,
    weightless: str | None,
    ways: Ways,
) -> Forecast:
    """Return what a run that answers some measurements will take.

    ``lengths`` are the tokens of each text, None where the tokenizer is not at hand; ``weightless`` says why there are
    no weights on this machine. Raises ModelError, CacheError and IntegrityError as a run does, where a pilot runs.
    """
    facts, options = source.facts(), ways.options
    context: Context | None = None
    if weightless is None and ways.cache is not None:
        run = Measuring(source, ways.cache, options, ways.report)
        missing, context = run.unmeasured(measurements), run.context
    else:
        missing = union(facts, measurements)
    every = {text for texts in union(facts, measurements).values() for text in texts}
    left = {need: tuple(texts) for need, texts in missing.items()}
    running = {text for texts in left.values() for text in texts}
    cost, work = cost_of_wanted(facts, left, measurements), jobs(left)
    plain = Forecast(cost, len(every), len(every - running), disk=cost.stored)
    known = lengths if lengths is not None else guessed_lengths(left)
    sizes = [workload_of(job, known, facts, options) for job in work]
    found = replace(
        plain,
        calls=sum(size.calls for size in sizes),
        tokens=sum(size.tokens for size in sizes),
        guessed=lengths is None,
        work=tuple(sizes),
        disk=cost.stored + _around(work, sizes) + (_NOTES if work and not _is_begun(context) else 0),
    )
    if lengths is None:
        return replace(
            found, untimed="its tokenizer is not on this machine, so how long texts are is not known"
        )
    if weightless is not None:
        return replace(found, untimed="its weights are not on this machine")
    dtype = str(source.loading(options).dtype) if source.loaded is None else ""
    rows = row_bytes({need: tuple(texts) for need, texts in union(facts, measurements).items()}, facts)
    batch = batch_bytes(source.config, facts, dtype, sizes)
    found = replace(found, memory=Memory(*weight_bytes(source, dtype), batch, rows))
    return _timed(found, source, work, sizes, lengths, context, ways)


def _is_begun(context: Context | None) -> bool:
    return context is not None and about_in(context.folder) is not None


def _timed(
    found: Forecast,
    source: Source,
    work: Sequence[Job],
    sizes: Sequence[Workload],
    lengths: Mapping[str, int],
    context: Context | None,
    ways: Ways,
) -> Forecast:
    """Return a forecast with the time it takes, by speeds that are kept or, where these are not enough, by a pilot."""
    if not work:
        return replace(found, start=0.0, by_work={})
    speeds, note = read_speeds(context.folder) if context is not None else (Speeds(), None)
    own: Mapping[int, tuple[Timing, ...]] = {}
    unknown = sorted({size.name for size in sizes if size.kind not in speeds.work})
    start = speeds.start if source.loaded is None else 0.0
    if (unknown or start is None) and ways.pilot:
        from neuronclaims.engines.pilot import Pilot

        pilot = Pilot(source, work, lengths, ways.options, ways.report, ways.clock)
        if context is not None:
            with suppress(OSError):  # what cannot be kept is tried again
                context.prepare()
                keep_speeds(context.folder, pilot.speeds)
        speeds, own = speeds | pilot.speeds, pilot.own
        unknown = sorted({size.name for size in sizes if size.kind not in speeds.work})
        start = speeds.start if source.loaded is None else 0.0
        found = replace(found, piloted=True)
    if unknown or start is None:
        missing = f"no speed is kept for {', '.join(unknown)}" if unknown else "it was never loaded here"
        why = "its texts failed in the pilot" if ways.pilot else "no pilot was to run"
        return replace(found, untimed=f"{missing}, and {why}", note=note)
    by_work: dict[str, float] = {}
    for number, size in enumerate(sizes):
        pace = Pace.fitted(own.get(number) or speeds.work[size.kind])
        by_work[size.name] = by_work.get(size.name, 0.0) + pace.seconds(size.calls, size.tokens)
    places = len({place for job in work for need in job.needs for place in need.places})
    return replace(found, start=start + speeds.proof(places), by_work=by_work, note=note)


def _around(work: Sequence[Job], sizes: Sequence[Workload]) -> int:
    """Return the bytes that files of the cache have beside the values: as ``cache.shards`` writes their headers."""
    return sum(
        _ROW * len(job.items) + size.files * (_FILE + sum(map(_named, job.needs)))
        for job, size in zip(work, sizes, strict=True)
    )


def _named(need: Need) -> int:
    """Return the bytes that a header has for one need: its name with shape and place, and again with a checksum."""
    once = json.dumps(str(need))
    return len(once) + len(json.dumps(once)) + _TENSOR
