"""A plan in a few lines: what each model takes, what cannot be tested, and what the prompts of claims can show."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from neuronclaims.engines.engine import LOCAL
from neuronclaims.engines.workload import BYTES_PER_TOKEN
from neuronclaims.foreign_text import one_line
from neuronclaims.planning.text import listed, many, problems, size_of
from neuronclaims.stats.power.planning import POWER

if TYPE_CHECKING:
    from neuronclaims.engines.forecast import Forecast
    from neuronclaims.engines.memory import Memory
    from neuronclaims.planning.elsewhere import OnDevices
    from neuronclaims.planning.run_plans import ClaimPlan, EffectTable, RunPlan

WIDTH, LABEL = 80, 10
"""Columns of a plan, and of the words on its left."""


def summary(plans: Sequence[RunPlan], claims: Sequence[ClaimPlan]) -> Iterator[str]:
    """Yield the lines of a plan, each at most 80 columns wide where its words allow it."""
    for plan in plans:
        yield from _wrapped("", f"{plan.plan.spec}: {headline(plan)}", indent="")
        for label, said in rows(plan):
            yield from _wrapped(label, said)
        yield ""
    shown = list(tables(claims))
    if shown:
        yield "How often the prompts show a true effect, and how many show it 8 times in 10:"
    for table, names in shown:
        yield from _wrapped("", f"{listed(names)}, with {table.prompts} at a level of {table.level}")
        cells = list(table_cells(table))
        left, middle = (max(len(row[column]) for row in cells) for column in (0, 1))
        for effect, shows, enough in cells:
            yield f"    {effect:{left}}  {shows:{middle}}  {enough}"


def table_cells(table: EffectTable) -> Iterator[tuple[str, str, str]]:
    """Yield each true effect, how often it is shown, and how many prompts show it 8 times in 10, in words."""
    for each in table.effects:
        of = f" {table.of}" if table.of else ""
        if each.shown >= POWER:
            enough = "these are enough"
        elif each.enough is None:
            enough = "no number shows it"
        else:
            enough = " and ".join(f"{count:,}" for count in dict.fromkeys(each.enough))
        yield f"{each.effect}{of}", each.times, enough


def headline(plan: RunPlan) -> str:
    """Say what a model is, or why nothing is known of it."""
    source, why = plan.plan.source, plan.plan.missing
    if source is None or why is not None:
        return why or ""
    facts = source.facts()
    there = "its weights are here" if plan.plan.weights is None else "its weights are not here"
    return f"{facts.architecture}, {many(facts.layers, 'layer')}; {there}"


def rows(plan: RunPlan) -> Iterator[tuple[str, str]]:
    """Yield what a run of one model takes, each with the word for it."""
    for file in plan.plan.files:
        where = one_line(str(file.file.claims[0].place.path))
        yield "claims", f"{len(file.file.claims):,} in {where}"
    for file in plan.plan.files:
        for place, what in problems(file):
            yield "problem", one_line(f"{place.path}:{place.line}: {what}")
    if plan.forecast is not None:
        yield from _taken(plan.forecast, plan.elsewhere)


def tables(claims: Sequence[ClaimPlan]) -> Iterator[tuple[EffectTable, tuple[str, ...]]]:
    """Yield what prompts can show, each table once, with the ids of the claims that it is about."""
    found: dict[EffectTable, dict[str, None]] = {}
    for claim in claims:
        if claim.table is not None:
            found.setdefault(claim.table, {}).setdefault(claim.id)
    yield from ((table, tuple(names)) for table, names in found.items())


def _taken(forecast: Forecast, elsewhere: OnDevices | None) -> Iterator[tuple[str, str]]:
    cost = forecast.cost
    texts = ", ".join(many(count, text) for text, count in cost.texts.items())
    kept = (
        f"; {forecast.cached:,} of {many(forecast.texts, 'text')} are in the run cache"
        if forecast.cached
        else ""
    )
    yield "runs", f"{texts or 'no text'}{kept}"
    if cost.passes:
        each = ", ".join(f"{name} {count:,.0f}" for name, count in cost.passes.items())
        yield "passes", f"{sum(cost.passes.values()):,.0f} whole texts ({each})"
    if cost.generated:
        yield "generates", f"{cost.generated:,} tokens at most"
    guessed = (
        f" (by text alone: its tokenizer is not here, and {BYTES_PER_TOKEN} bytes are taken for a token)"
    )
    yield (
        "tokens",
        f"{forecast.tokens:,.0f} through the model, which is called {_times(forecast.calls)}"
        f"{guessed if forecast.guessed else ''}",
    )
    if elsewhere is not None:
        yield from _on_devices(elsewhere)
    else:
        yield "time", _time(forecast)
    if forecast.memory is not None and cost.texts and elsewhere is None:
        yield "memory", _memory(forecast.memory, forecast)
    yield "disk", _disk(forecast)
    if forecast.note is not None:
        yield "note", one_line(forecast.note)


def _memory(memory: Memory, forecast: Forecast) -> str:
    """Say what this process takes and, where workers measure, what each of them takes."""
    libraries, own = ("libraries", memory.libraries), ("values", memory.rows)
    model = (
        ("weights", memory.weights),
        ("reading their file", memory.reading),
        ("a batch", memory.batch),
    )
    copies = ("copies of whole layers in judging, when the model is gone", memory.judging)
    away = (
        f"; {size_of(_rounded(memory.elsewhere))} of weights lie on other devices or on disk"
        if memory.elsewhere
        else ""
    )
    if not memory.workers:
        judging = (copies,) if memory.judging > memory.model else ()
        return f"about {size_of(_rounded(memory.total))} ({_parts((libraries, *model, own, *judging))}){away}"
    each = memory.libraries + memory.model
    return (
        f"about {size_of(_rounded(each))} for each of the {memory.workers:,} workers of {one_line(forecast.engine)} "
        f"({_parts((libraries, *model))}), and {size_of(_rounded(memory.total))} in this process "
        f"({_parts((libraries, own, copies))}){away}"
    )


def _parts(parts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{size_of(_rounded(count))} for {what}" for what, count in parts if count)


def _disk(forecast: Forecast) -> str:
    kept = (
        f"{size_of(_rounded(forecast.disk))} more in the run cache"
        if forecast.disk
        else "nothing more is kept"
    )
    if not forecast.scratch:
        return kept
    return f"{kept}, and up to {size_of(_rounded(forecast.scratch))} in files that are gone when it ends"


def _on_devices(found: OnDevices) -> Iterator[tuple[str, str]]:
    device, each = found.device, f"each of the {found.devices:,}"
    on = "it" if found.devices == 1 else each
    yield (
        "devices",
        f"{found.devices:,} of {one_line(device.name)}, with {size_of(int(device.memory))} each, for "
        f"{size_of(found.weights)} of weights in {found.dtype} and {size_of(found.batch)} for a batch",
    )
    yield (
        "time",
        f"about {seconds_of(found.seconds)} on {on}, {found.device_hours:,.2g} device hours, mostly "
        f"{'reading weights' if found.reads else 'computing'}; loading and judging come on top",
    )
    yield "assuming", "; ".join(_assumed(found))


def _assumed(found: OnDevices) -> Iterator[str]:
    device = found.device
    yield (
        f"{found.utilisation:.0%} of {device.flops(found.dtype) / 1e12:,.3g} TFLOPS are reached (--utilisation), which "
        "is not measured"
    )
    yield (
        f"{found.token_flops / 1e9:,.4g} GFLOP for a token: 2 for each of {found.size.used:,} weights that it is "
        f"multiplied with, of {found.size.all:,}, and attention to its text"
    )
    yield (
        f"each call reads all weights, at the same share of {device.reading / 1e12:,.3g} TB/s, and calls are fewer "
        "where free memory makes batches larger"
        if device.reading is not None
        else "to read the weights takes no time, since no speed of its memory is given"
    )
    if found.devices > 1:
        yield "devices hold layers, and one works at a time"
    yield "several copies of the model that share the texts take less time, and as many device hours"


def _time(forecast: Forecast) -> str:
    if forecast.seconds is None or forecast.by_work is None or forecast.start is None:
        return f"not known: {forecast.untimed}"
    if not forecast.by_work:
        return "nothing is to be measured; judging the claims is all"
    parts = Counter({"loading": forecast.start, **forecast.by_work})
    each = ", ".join(f"{seconds_of(count)} {what}" for what, count in parts.most_common())
    how = "tried just now" if forecast.piloted else "by earlier runs"
    whole = f"about {seconds_of(forecast.seconds)}"
    said = f"until all is measured, {how} ({each}); judging comes on top"
    engine = one_line(forecast.engine)
    if forecast.workers is not None:
        return f"{whole} with {many(forecast.workers, 'worker')} of {engine}, each as fast as this process, {said}"
    if forecast.engine != LOCAL:
        return (
            f"{whole} in one process {said}. How many workers {engine} will have is not said: name their number, as in "
            f"{engine}:4, to have the time with so many"
        )
    return f"{whole} {said}"


def _times(calls: float) -> str:
    return "once" if round(calls) == 1 else f"{calls:,.0f} times"


def _rounded(count: int) -> int:
    """Return a number to its first two digits."""
    return int(float(f"{count:.2g}"))


def seconds_of(seconds: float) -> str:
    """Return a time in two digits.

    >>> seconds_of(0.234), seconds_of(14.2), seconds_of(200), seconds_of(9000)
    ('0.2 s', '14 s', '3.3 min', '2.5 h')
    """
    if seconds < 0.05:
        return "under 0.1 s"
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}" if seconds < 10 * size else f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:,.0f} s"


def _wrapped(label: str, said: str, indent: str = "  ") -> Iterator[str]:
    yield from textwrap.wrap(
        said,
        WIDTH,
        initial_indent=f"  {label:{LABEL}}" if label else indent,
        subsequent_indent=" " * (LABEL + 2) if label else f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
