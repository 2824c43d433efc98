"""What a run of a model will take: time, memory and disk, of what is not in the run cache yet."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from neuronclaims.cache.context import Context, about_in
from neuronclaims.cache.number_types import PLAIN, rounds
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.cache.speeds import Pace, Speeds, Timing, keep_speeds, read_speeds
from neuronclaims.engines.cost import Cost, cost_of_wanted
from neuronclaims.engines.engine import LOCAL, EngineAsked
from neuronclaims.engines.holding.bound import bound_of
from neuronclaims.engines.measuring import Measuring
from neuronclaims.engines.memory import Memory, batch_bytes, held_weights, row_bytes, weight_bytes
from neuronclaims.engines.stopwatch import Clock
from neuronclaims.engines.workload import Workload, guessed_lengths, workload_of
from neuronclaims.loading.settings import UNSAID
from neuronclaims.measurements import Measurement, ModelFacts
from neuronclaims.measurements.activations import Pooled
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Job, jobs, union
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source

_ROW, _TENSOR, _FILE = 70, 110, 180
"""Bytes of a header: of a row's key, of what stands beside a tensor's name, and of all the rest."""
_STARTS = {"ray": 5.0}
"""Seconds in which an engine and its workers start, beside the model (docs/scale.md)."""
HELD_TOKENS = 4 << 20
"""The bytes of waiting tokens that are held in memory."""
_NOTES = 2_200
"""Bytes of a new cache that say what it is: README.txt, context.json, speeds.json, hashes of model files."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run will take. ``seconds`` is None where it is not known, and ``untimed`` says why.

    ``cost`` is that of what has to run; ``texts`` and ``cached`` count all texts and those that the run cache answers.
    ``calls`` and ``tokens`` are how often the model is called and how many tokens go through it, as whole passes, by
    the jobs in ``work``; they are ``guessed`` where no tokenizer tells how long texts are. ``start`` is the part of
    ``seconds`` in which libraries and model are loaded, ``by_work`` the parts of the rest, by what is done. ``disk``
    are the bytes that the cache grows by, ``scratch`` those of files that are there while it runs. ``engine`` is what
    measures, and ``workers`` among how many the work is divided; None where it is timed as that of one process.
    ``note`` says what was not used, such as a damaged file of speeds.
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
    scratch: int = 0
    engine: str = LOCAL
    workers: int | None = None
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
    judging: int = 0,
) -> Forecast:
    """Return what a run that answers some measurements will take.

    ``lengths`` are the tokens of each text, None where the tokenizer is not at hand; ``weightless`` says why there are
    no weights on this machine, ``judging`` is what kinds of claim copy of the values, in bytes. Raises ModelError,
    CacheError and IntegrityError as a run does, where a pilot runs.
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
        disk=_stored(cost, work, facts, options)
        + _around(work, sizes, options.store)
        + (_NOTES if work and not _is_begun(context) else 0),
    )
    asked = EngineAsked.of(options.engine)
    if asked.name != LOCAL and source.loaded is None:
        found = replace(found, engine=asked.name, workers=asked.workers)
    if lengths is None:
        return replace(
            found, untimed="its tokenizer is not on this machine, so how long texts are is not known"
        )
    if weightless is not None:
        return replace(found, untimed="its weights are not on this machine")
    loading = source.loading(options) if source.loaded is None else UNSAID
    dtype = str(loading.dtype) if source.loaded is None else ""
    rows, bound = row_bytes(union(facts, measurements), facts), bound_of(options.memory)
    (weights, reading), held = weight_bytes(source, dtype), held_weights(source, loading, dtype)
    memory = Memory(
        held,
        reading,
        batch_bytes(source.config, facts, dtype, sizes),
        min(rows, bound),
        judging=judging,
        elsewhere=weights - held,
        workers=found.workers,
    )
    # Arrays that do not fit are files while claims are judged; without a cache, rows that do not fit are too.
    over = max(0, rows - bound // 2) * (2 if ways.cache is None else 1)
    found = replace(found, memory=memory, scratch=over + _waiting(work, lengths, source.config))
    return _timed(found, source, work, sizes, lengths, context, ways)


def _shared(seconds: Sequence[float], sizes: Sequence[Workload], workers: int | None) -> float:
    """Return the part of all work that takes place one after the other, where workers take batch by batch of it."""
    whole = sum(seconds)
    if workers is None or not whole:
        return 1.0
    longest = max(each / max(1, size.files) for each, size in zip(seconds, sizes, strict=True))
    return max(whole / workers, longest) / whole


def _stored(cost: Cost, work: Sequence[Job], facts: ModelFacts, options: RunOptions) -> int:
    """Return the bytes of values that the cache keeps: of activations half, where they are kept in 16 bits."""
    if options.store == PLAIN:
        return cost.stored
    halved = (need.width(facts) * len(job.items) * 2 for job in work for need in job.needs if rounds(need))
    return cost.stored - sum(halved)


def _waiting(work: Sequence[Job], lengths: Mapping[str, int], config: Mapping[str, object]) -> int:
    """Return the bytes of files in which the tokens of large jobs wait, as ``models.running.waiting`` writes them."""
    vocabulary = config.get("vocab_size")
    size = 2 if isinstance(vocabulary, int) and vocabulary <= 1 << 16 else 4
    jobs = (size * sum(lengths[item] for item in job.items) for job in work if job.worker == Pooled.worker)
    return sum(each for each in jobs if each > HELD_TOKENS)


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
    paces = [Pace.fitted(own.get(number) or speeds.work[size.kind]) for number, size in enumerate(sizes)]
    seconds = [pace.seconds(size.calls, size.tokens) for pace, size in zip(paces, sizes, strict=True)]
    share = _shared(seconds, sizes, found.workers)
    by_work: dict[str, float] = {}
    for each, size in zip(seconds, sizes, strict=True):
        by_work[size.name] = by_work.get(size.name, 0.0) + share * each
    places = len({place for job in work for need in job.needs for place in need.places})
    start += speeds.proof(places) + (_STARTS.get(found.engine, 0.0) if found.workers is not None else 0.0)
    return replace(found, start=start, by_work=by_work, note=note)


def _around(work: Sequence[Job], sizes: Sequence[Workload], store: str) -> int:
    """Return the bytes that files of the cache have beside the values: as ``cache.shards`` writes their headers."""

    def typed(need: Need) -> int:
        return len(json.dumps(json.dumps({str(need): store}))) if store != PLAIN and rounds(need) else 0

    return sum(
        _ROW * len(job.items) + size.files * (_FILE + sum(_named(need) + typed(need) for need in job.needs))
        for job, size in zip(work, sizes, strict=True)
    )


def _named(need: Need) -> int:
    """Return the bytes that a header has for one need: its name with shape and place, and again with a checksum."""
    once = json.dumps(str(need))
    return len(once) + len(json.dumps(once)) + _TENSOR
