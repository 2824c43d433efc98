"""The wording of verdicts and numbers in all reports for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from textwrap import wrap

from neuronclaims.reports.entry import Entry
from neuronclaims.results import VERDICTS, Effect, Evidence, Result


def number(value: float | None, signed: bool = False) -> str:
    """Return a number with two or three significant digits, or ``?`` for None."""
    if value is None:
        return "?"
    sign = "+" if signed else ""
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        return f"{value:{sign}.1e}".replace("e-0", "e-").replace("e+0", "e")
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    if 0 < abs(value) < 0.1:
        digits = 4 if abs(value) < 0.01 else 3
    return f"{value:{sign}.{digits}f}"


def p_value(value: float) -> str:
    """Return a p-value as papers print it: two or three decimals, below 0.001 as a power of ten."""
    if value >= 0.0995:
        return f"{value:.2f}"
    if value < 1e-300:  # a tail too thin for floating point, never a p of 0
        return "< 1e-300"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1e}".replace("e-0", "e-")


def reported_lines(result: Result) -> list[str]:
    """Return what the claim's source reports beside what was found here; nothing where the file does not say.

    >>> from types import SimpleNamespace
    >>> from neuronclaims.publications import Publication, ReportedNumber
    >>> said = ReportedNumber(48.5, "% of the logit difference", "the post")
    >>> reported_lines(SimpleNamespace(reported=said, source=Publication("A post"), evidence=None))
    ['Source: "A post".', 'Reported: 48.5 % of the logit difference (the post). Found here: nothing.']
    """
    lines = [f"Source: {result.source.in_short}."] if result.source else []
    if result.reported is not None:
        found = "nothing"
        if result.evidence is not None:
            effect = result.evidence.effect
            found = f"{effect_name(effect)} {effect_value(effect)} {_interval(effect, True)}".rstrip()
        lines.append(f"Reported: {result.reported.in_words}. Found here: {found}.")
    return lines


def effect_texts(effects: Sequence[Effect], fact: bool = False, width: int | None = None) -> list[str]:
    """Return effects with their intervals, such as ``AUROC 0.93 [0.81, 0.98]``, one under the other.

    A ``fact`` needs no interval, so none is missed; nor is it of effects after the first, on which no verdict rests.
    Where a line would be wider than ``width``, names are broken between words and stand in no column.
    """
    names = [effect_name(effect) for effect in effects]
    values = [effect_value(effect) for effect in effects]
    bounds = [_interval(effect, fact or place > 0) for place, effect in enumerate(effects)]
    longest, room = max(map(len, names), default=0), max(map(len, values), default=0)
    rows = list(zip(names, values, bounds, strict=True))
    lines = [f"{name:{longest}} {value:>{room}} {bound}".rstrip() for name, value, bound in rows]
    if width is None or max(map(len, lines), default=0) <= width:
        return lines
    return [line for row in rows for line in _within(width, *row)]


def effect_name(effect: Effect) -> str:
    """Return a short name of an effect, for columns."""
    return effect.symbol or effect.name


def effect_value(effect: Effect) -> str:
    """Return an effect's number, with a plus sign if its sign matters most."""
    return number(effect.value, effect.signed)


def effect_numbers(effect: Effect, fact: bool = False) -> str:
    """Return an effect's number and interval without its name; a ``fact`` needs no interval."""
    return f"{effect_value(effect)} {_interval(effect, fact)}".rstrip()


def interval_words(effect: Effect) -> str:
    """Return an effect's interval with its level; empty where there is none.

    >>> interval_words(Effect("AUROC", 0.93, 0.81, 0.98, 0.95, "DeLong"))
    '95 % interval 0.81 to 0.98'
    """
    if effect.low is None and effect.high is None:
        return ""
    return f"{100 * effect.level:.6g} % interval {number(effect.low)} to {number(effect.high)}"


def _within(width: int, name: str, value: str, bounds: str) -> list[str]:
    numbers = f"{value} {bounds}".rstrip()
    lines = wrap(name, width, subsequent_indent="  ")
    if len(lines[-1]) + 1 + len(numbers) > width:
        return [*lines, f"  {numbers}"]
    return [*lines[:-1], f"{lines[-1]} {numbers}"]


def _interval(effect: Effect, dispensable: bool) -> str:
    if effect.low is None and effect.high is None:
        return "" if dispensable else "[no interval]"
    signed = effect.signed
    return f"[{number(effect.low, signed)}, {number(effect.high, signed)}]"


def counts_text(evidence: Evidence) -> str:
    """Return how many units took part: ``24 + 30``, ``24 pairs``, ``40``."""
    sizes = [count for _, count in evidence.counts]
    if sizes and (evidence.paired or evidence.unit == "pair"):
        return f"{sizes[0]:,} pair{'' if sizes[0] == 1 else 's'}"
    return " + ".join(f"{size:,}" for size in sizes)


def rank_text(result: Result) -> str:
    """Return the place of a claim's neuron: ``3 of 512``, ``3 of 3,072 at mlp_post, all layers``; empty without one."""
    rank = result.evidence.rank if result.evidence else None
    if rank is None:
        return ""
    if rank.scope == "model":
        return f"{rank.place:,} of {rank.among:,} at {result.where}, all layers"
    return f"{rank.place} of {rank.among}"


def headline(entry: Entry) -> tuple[str, str]:
    """Return a claim's verdict in one word and, if needed, what was expected."""
    result = entry.result
    if result.verdict is None:
        return "broken", ""
    if entry.outcome == "xfailed":
        return result.verdict, "as xfail says"
    if result.as_expected:
        failed = f"{entry.drift} since the baseline" if entry.drift else "though marked xfail"
        asked = failed if entry.failed else "as expected"
        return result.verdict, asked if entry.failed or result.expect != "supported" else ""
    return result.verdict, "" if result.expect == "supported" else f"expected {result.expect}"


def selection_lines(entries: Sequence[Entry], ways: Collection[str] | None = None) -> list[str]:
    """Say how the neurons of some claims were chosen: one line for each way, or for each of some ``ways``.

    Directions and layers have lines of their own; of several neurons the same is said as of one.
    """
    found: dict[str, dict[str, list[Result]]] = {}
    for entry in entries:
        evidence = entry.result.evidence
        if evidence is not None and evidence.selection.what:
            by_way = found.setdefault(evidence.selection.noun, {})
            by_way.setdefault(evidence.selection.how, []).append(entry.result)
    return [
        text.format(
            which=_which(noun, by_way[how], sum(map(len, by_way.values()))), found=FOUND.get(noun, "found")
        )
        for noun, by_way in found.items()
        for how, text in SELECTIONS.items()
        if how in by_way and (ways is None or how in ways)
    ]


def dependent_lines(entries: Sequence[Entry]) -> list[str]:
    """Say in one line how many prompts of which sets repeat others and count as independent; none gives no line."""
    sets = {account.name: account for entry in entries for account in entry.result.data.sets}
    told = [account.dependent_words for account in sets.values() if account.dependent]
    if not told:
        return []
    shown = told if len(told) <= 3 else [*told[:2], f"those of {len(told) - 2} more sets"]
    return [f"Near copies that count as independent: {', '.join(shown)} (-v says which, and what to do)."]


SELECTIONS = {
    "discovered": "{which}: {found} on other prompts, none of which is tested here.",
    "searched": "{which}: picked on the tested prompts themselves; p and interval allow for the search, "
    "but the effect is too large on average: measure it on new prompts.",
    "beforehand": "{which}: the file does not say how chosen; p holds only if before these prompts were seen.",
}
"""What is said of neurons by the way they were chosen, in the order it is said."""

FOUND = {"direction": "fitted"}
"""How else than "found" it is called that something comes from other prompts."""


def _which(noun: str, results: Sequence[Result], among: int) -> str:
    chosen = [result.evidence.selection for result in results if result.evidence is not None]
    several = len(chosen) > 1 or chosen[0].several
    named = f"The {noun}{'s' if several else ''}"
    if len(results) == among:
        return named
    ids = [result.id for result in results]
    shown = ids if len(ids) <= 4 else [*ids[:3], f"and {len(ids) - 3} more"]
    return f"{named} of {', '.join(shown)}"


def model_lines(entries: Sequence[Entry]) -> list[str]:
    """Name the weights that some claims on one model were tested on, if they are known."""
    known = dict.fromkeys(entry.result.fingerprint for entry in entries)
    return [f"Weights of {entries[0].result.model}: SHA-256 {found}" for found in known if found]


def explanation(result: Result) -> str:
    """Return the reason for a claim's verdict, or the error if it was not tested."""
    return result.error if result.error is not None else result.reason


def measured(result: Result) -> str:
    """Return what came out in numbers, as short as a line of pytest's summary needs it; empty if nothing was tested."""
    evidence = result.evidence
    if evidence is None:
        return ""
    numbers = f"{effect_name(evidence.effect)} {effect_numbers(evidence.effect, evidence.test is None)}"
    return numbers if evidence.test is None else f"{numbers}, p {p_value(evidence.test.p_adjusted)}"


def why(entry: Entry) -> str:
    """Return why a claim passes or fails: its drift, if that alone is the reason, otherwise its explanation."""
    if entry.failed and entry.result.as_expected and entry.drift_reason:
        return f"Since the baseline: {entry.drift_reason}"
    return explanation(entry.result)


def own_id(result: Result) -> str:
    """Return a claim's id if the file gives one; empty if it was made from the sentence."""
    return "" if result.id_made else result.id


def counted(entries: Sequence[Entry]) -> str:
    """Return the number of claims by verdict: ``3 supported, 1 refuted``."""
    counts: Counter[str] = Counter(entry.result.verdict or "broken" for entry in entries)
    return ", ".join(f"{counts[name]} {name}" for name in (*VERDICTS, "broken") if counts[name])


def tally(entries: Sequence[Entry]) -> str:
    """Return the closing line: the number of claims, their verdicts, and whether all are as expected."""
    failed = sum(entry.failed for entry in entries)
    missed = sum(entry.missed for entry in entries)
    end = f"{missed} not as expected, as allowed" if missed else "all as expected"
    if failed:
        end = f"{failed} not as expected"
    return f"{len(entries)} {'claim' if len(entries) == 1 else 'claims'}: {counted(entries)}; {end}"
