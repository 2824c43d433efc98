"""One architecture through the product and the oracle: what is measured, what refused, how far they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from oracle import Oracle, Reading

from neuronclaims.engines.measure import measure_each
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.measurements import (
    Ablation,
    Activations,
    Continuations,
    Generation,
    Measurement,
    Pair,
    Prediction,
    Restoration,
    TokenRule,
)
from neuronclaims.models.sources import Source, open_model

PROMPTS = (
    "the old dog ran to the river",
    "she sat",
    "a big red bird saw the small blue house in the river and sat",
    "an old cat ate",
)
PAIR = Pair("the old dog ran to the river", "the new cat sat on the house")
ASKED, TOKENS = Prediction(" dog", " cat"), 4
POOLS, LAST = ("first", "last", "mean", "max"), TokenRule("last", "prompt")
USES = ("generated", "continuation", "ablation", "restoration")
TOLERANCE = 1e-4
"""The largest difference, as a share of the largest value of a row, that counts as the same: float32 gives 1e-6."""

Asked = dict[Any, Callable[[], list[torch.Tensor]]]
"""Measurements, each with what makes the rows it should give."""


@dataclass
class Finding:
    """What came of one site or one use: ``error`` is the largest relative difference, of ``compared`` values."""

    error: float = 0.0
    compared: int = 0
    refused: str = ""
    uncompared: bool = False

    @property
    def right(self) -> bool:
        """Whether something was compared, and nothing differed or was refused."""
        return bool(self.compared) and self.error <= TOLERANCE and not self.refused

    @property
    def wrong(self) -> bool:
        """Whether a value that was given is another one."""
        return bool(self.compared) and not self.error <= TOLERANCE


@dataclass
class Examined:
    """An architecture: why it is refused as a whole, or what was found by site and by use, and the sites refused."""

    model_type: str
    refused: str = ""
    crashed: bool = False
    found: dict[str, Finding] = field(default_factory=dict)
    sites: tuple[str, ...] = ()
    without: dict[str, str] = field(default_factory=dict)

    @property
    def error(self) -> float:
        """The largest relative difference of all."""
        return max((each.error for each in self.found.values() if each.compared), default=0.0)


def examine(model_type: str, folder: Path, oracle: Oracle | None) -> Examined:
    """Measure everything the product offers of a model, and compare it with an oracle, where there is one."""
    examined = Examined(model_type)
    try:
        source = open_model(str(folder), Path("."))
        facts = source.facts()
    except Exception as error:  # a traceback is what nobody should ever see
        examined.crashed = not isinstance(error, NeuronClaimsError)
        examined.refused = f"{type(error).__name__}: {error}" if examined.crashed else str(error)
        return examined
    examined.sites = tuple(facts.widths)
    examined.without = dict(getattr(facts, "refused", {}))
    asked: dict[str, Asked] = {site: {} for site in facts.widths}
    if oracle is not None:
        readings = [oracle.read(oracle.ids(prompt)) for prompt in PROMPTS]
        asked = {site: _site(oracle, readings, site, facts.layers_at(site)) for site in facts.widths}
    whole = [each for each in ("mlp_post", "resid_post", "attn_out") if asked.get(each)]
    if oracle is not None and not oracle.encoder and whole:
        site, layer = whole[0], list(facts.layers_at(whole[0]))[-1]
        asked |= {
            "generated": _generated(oracle, site, layer),
            "continuation": _continued(oracle),
            "ablation": {},
            "restoration": _restored(oracle, site, layer),
        }
        for changed in ("mlp_post", "resid_post", "attn_z", "q"):
            if asked.get(changed) and oracle.whole_at(changed, layer) and layer in facts.layers_at(changed):
                asked["ablation"] |= _ablated(oracle, changed, layer)
    for site, each in asked.items():
        # Where the oracle has no value it is asked all the same, since it may be refused.
        unknown = (
            [] if each or site in USES else [Activations(site, facts.layers_at(site)[-1], LAST, PROMPTS[:2])]
        )
        examined.found[site] = Finding(uncompared=not each)
        each |= dict.fromkeys(unknown, list)
    _compare(source, examined, asked)
    return examined


def _site(oracle: Oracle, readings: Sequence[Reading], site: str, layers: Iterable[int]) -> Asked:
    asked: Asked = {}
    for layer in layers:
        wanted = [_values(oracle, reading, site, layer) for reading in readings]
        if any(values is None for values in wanted):
            continue
        for pool in POOLS:

            def rows(wanted: list[Any] = wanted, pool: str = pool) -> list[torch.Tensor]:
                counting = [oracle.counting(oracle.ids(prompt)) for prompt in PROMPTS]
                return [pooled(values[at], pool) for values, at in zip(wanted, counting, strict=True)]

            asked[Activations(site, layer, TokenRule(pool, "prompt"), PROMPTS)] = rows
    return asked


def _values(oracle: Oracle, reading: Reading, site: str, layer: int) -> torch.Tensor | None:
    """Return the values of a site, an MLP's neurons by their formula."""
    if site == "mlp_post":
        neurons = oracle.formula(reading, layer)
        if neurons is not None:
            return neurons
    return reading.values.get((site, layer))


def pooled(values: torch.Tensor, pool: str) -> torch.Tensor:
    """Pool values [tokens, width]."""
    return {"first": values[0], "last": values[-1], "mean": values.mean(0), "max": values.amax(0)}[pool]


def _generated(oracle: Oracle, site: str, layer: int) -> Asked:
    """The tokens written and those that emitted them, in one plain forward over what ``generate`` wrote."""
    asked: Asked = {}
    prompts = PROMPTS[:3]

    def rows(span: str, pool: str) -> list[torch.Tensor]:
        found = []
        for prompt in prompts:
            start, written = oracle.ids(prompt), oracle.written(prompt, TOKENS)
            ids = [*start, *written]
            values = _values(oracle, oracle.read(ids), site, layer)
            assert values is not None
            first = len(start) - (span == "emitting")
            inside = [at for at in oracle.counting(ids) if first <= at < len(ids) - (span == "emitting")]
            found.append(pooled(values[inside], pool) if inside else torch.full(values.shape[1:], torch.nan))
        return found

    for span, pool in (("generated", "mean"), ("emitting", "last"), ("emitting", "max")):
        rule = TokenRule(pool, span)
        asked[Activations(site, layer, rule, prompts, Generation(TOKENS))] = lambda s=span, p=pool: rows(s, p)
    return asked


def _continued(oracle: Oracle) -> Asked:
    def texts() -> list[Any]:
        return [
            oracle.tokenizer.decode(oracle.written(each, TOKENS), skip_special_tokens=True)
            for each in PROMPTS
        ]

    return {Continuations(PROMPTS, Generation(TOKENS)): texts}


def _ablated(oracle: Oracle, site: str, layer: int) -> Asked:
    def zero(values: torch.Tensor) -> torch.Tensor:
        changed = values.clone()
        changed[:, 5] = 0.0
        return changed

    def rows() -> list[torch.Tensor]:
        found = []
        for prompt in PROMPTS:
            ids = oracle.ids(prompt)
            before, after = oracle.read(ids).logits, oracle.read(ids, {(site, layer): zero}).logits
            found.append(torch.stack([asked_of(oracle, before), asked_of(oracle, after)]))
        return found

    return {Ablation(site, ((layer, 5),), "zero", ASKED, PROMPTS): rows}


def _restored(oracle: Oracle, site: str, layer: int) -> Asked:
    def rows() -> list[torch.Tensor]:
        clean, corrupted = oracle.ids(PAIR.clean), oracle.ids(PAIR.corrupted)
        before = oracle.read(clean)

        def patch(values: torch.Tensor) -> torch.Tensor:
            changed = values.clone()
            changed[:, [3, 7]] = before.values[site, layer][:, [3, 7]]
            return changed

        after = oracle.read(corrupted, {(site, layer): patch}).logits
        all_three = before.logits, oracle.read(corrupted).logits, after
        return [torch.stack([asked_of(oracle, logits) for logits in all_three])]

    return {Restoration(site, ((layer, 3), (layer, 7)), ASKED, (PAIR,)): rows}


def asked_of(oracle: Oracle, logits: torch.Tensor) -> torch.Tensor:
    """Return the difference of logits that is asked for, after the last token."""
    tokens = (ASKED.token, str(ASKED.against))
    for_it, against = (oracle.tokenizer(token, add_special_tokens=False)["input_ids"][-1] for token in tokens)
    return logits[-1, for_it] - logits[-1, against]


def _compare(source: Source, examined: Examined, asked: Mapping[str, Asked]) -> None:
    """Measure what is asked, all at once, and compare it; where the whole run fails, one name after the other."""
    try:
        answers = measure_each(source, [measurement for each in asked.values() for measurement in each])
    except Exception as error:  # a traceback is what nobody should ever see
        if len(asked) > 1:
            for name, each in asked.items():
                _compare(source, examined, {name: each})
            return
        crash = not isinstance(error, NeuronClaimsError)
        [finding] = (examined.found[name] for name in asked)
        finding.refused = f"{type(error).__name__}: {error}" if crash else str(error)
        examined.crashed |= crash
        return
    for name, each in asked.items():
        for measurement, rows in each.items():
            if measurement in answers.failed:
                examined.found[name].refused = str(answers.failed[measurement])
                continue
            try:
                wanted = rows()
            except Exception:  # such as a ``generate`` of the model that fails itself
                examined.found[name].uncompared = True
                continue
            _set_against(examined.found[name], measurement, answers[measurement], wanted)


def _set_against(finding: Finding, measurement: Measurement, given: Any, wanted: list[Any]) -> None:
    largest = max((float(each.abs().max()) for each in wanted if isinstance(each, torch.Tensor)), default=0.0)
    for row, expected in zip(given, wanted, strict=True) if wanted else ():
        if isinstance(expected, str):
            finding.compared += 1
            finding.error = max(finding.error, 0.0 if str(row).split() == expected.split() else np.inf)
            continue
        found, right = np.asarray(row, np.float64), expected.double().numpy()
        if isinstance(measurement, Ablation):
            found = found[:2]
        if found.shape != right.shape:
            finding.compared, finding.error = finding.compared + 1, np.inf
            continue
        if np.isnan(right).any():
            continue
        finding.compared += right.size
        # A difference of logits may be next to nothing, so what counts as large is also what it is elsewhere.
        apart = np.abs(found - right).max() / max(float(np.abs(right).max()), largest / 10, 1e-3)
        finding.error = max(finding.error, float(apart) if np.isfinite(apart) else np.inf)
