"""The union of what all measurements need of a model, as work for one pass over its prompts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, get_args

from neuronclaims.measurements import Activations, Measurement, ModelFacts, Pool, Site, Span, TokenRule
from neuronclaims.runs.errors import MeasurementError


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """One number per neuron and prompt: a site, a layer and how tokens are pooled.

    ``limit`` is the most tokens generated, 0 for the span ``prompt``, which generation does not change.
    ``str(need)`` is its lasting name in the cache.
    """

    site: str
    layer: int
    pool: Pool
    span: Span
    limit: int

    def __str__(self) -> str:
        return f"{self.site}/{self.layer}/{self.pool} of {self.span}/{self.limit}"


Wanted: TypeAlias = Mapping[Need, Iterable[str]]
"""Which prompts every need is wanted for."""


@dataclass(frozen=True, slots=True)
class Job:
    """Prompts that need the same, so that one forward or one generation of a batch serves all of it."""

    prompts: tuple[str, ...]
    needs: tuple[Need, ...]

    @property
    def new_tokens(self) -> int:
        """The most tokens any need wants generated; 0 means the prompts alone are enough."""
        return max(need.limit for need in self.needs)


def need_of(measurement: Measurement) -> Need:
    """Return what a measurement needs of each of its prompts."""
    rule = measurement.tokens
    limit = measurement.generate.max_new_tokens if measurement.generate is not None else 0
    return Need(measurement.site, measurement.layer, rule.pool, rule.span, limit)


def union(facts: ModelFacts, measurements: Sequence[Measurement]) -> dict[Need, dict[str, None]]:
    """Return every need once, with its prompts once; raise MeasurementError for what cannot be answered."""
    wanted: dict[Need, dict[str, None]] = {}
    for measurement in measurements:
        need = need_of(measurement)
        if need not in wanted:
            _check(facts, measurement)
        wanted.setdefault(need, {}).update(dict.fromkeys(measurement.prompts))
    return wanted


def jobs(missing: Wanted) -> list[Job]:
    """Return the work that answers ``missing``: prompts grouped by what they need, in a stable order."""
    needs_of: dict[str, set[Need]] = {}
    for need, prompts in missing.items():
        for prompt in prompts:
            needs_of.setdefault(prompt, set()).add(need)
    groups: dict[tuple[Need, ...], list[str]] = {}
    for prompt in sorted(needs_of):
        groups.setdefault(tuple(sorted(needs_of[prompt])), []).append(prompt)
    return [Job(tuple(prompts), needs) for needs, prompts in sorted(groups.items())]


def _check(facts: ModelFacts, asked: Activations) -> None:
    if asked.site not in facts.widths:
        why = "is not measured on" if asked.site in get_args(Site) else "is no site, on"
        raise MeasurementError(
            f"Site {asked.site!r} {why} {facts.family} models such as {facts.name}. Sites: {', '.join(facts.widths)}."
        )
    if not 0 <= asked.layer < facts.layers:
        raise MeasurementError(
            f"{facts.name} has layers 0 to {facts.layers - 1}; there is no layer {asked.layer}."
        )
    _check_tokens(facts, asked.tokens, asked)


def _check_tokens(facts: ModelFacts, rule: TokenRule, asked: Activations) -> None:
    if rule.pool not in get_args(Pool) or rule.span not in get_args(Span):
        raise MeasurementError(
            f"No token rule {str(rule)!r}: use last, mean or max of prompt, generated or emitting."
        )
    if rule.span == "prompt":
        if asked.generate is not None:
            raise MeasurementError(f"{str(rule)!r} looks at the prompt alone; it takes no generation.")
        return
    if not facts.causal:
        raise MeasurementError(
            f"{facts.name} is an encoder ({facts.family}) and generates no text, so {str(rule)!r} means nothing for "
            f"it. Use '{rule.pool} of prompt'."
        )
    if asked.generate is None or asked.generate.max_new_tokens < 1:
        raise MeasurementError(f"{str(rule)!r} needs generated text: say how many new tokens, at least 1.")
