"""A claim file on a model of which nothing but its shape is read: every number is drawn, and ``Study`` judges."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.measurements import (
    Ablation,
    AblationSweep,
    Activations,
    Attention,
    Measurement,
    Readout,
    Restoration,
    RestorationSweep,
)
from neuronclaims.measurements.changing.controls import Controls
from neuronclaims.measurements.changing.interventions import Add
from neuronclaims.measurements.pools import EachPool
from neuronclaims.results import Result
from neuronclaims.study import Study

Floats: TypeAlias = NDArray[np.float64]
Values: TypeAlias = Mapping[str, Floats]
"""The values of each prompt set by its name: [prompts, width], or [layers, prompts, width] of several layers.

Of an ablation they are the change that a neuron makes; of pairs, ``NAME lost`` is [pairs], clean less corrupted, and
``NAME`` what a neuron brings back; of documents they are the AUROC of each, and ``NAME above`` the positions at which
a neuron is above a value, ``NAME hits`` those of them with the token on top. What is added changes as much, times the
amount. Of attention to other tokens than the first named, they are ``NAME TOKENS``, such as ``text itself``.
"""
Row: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands in a claim file: sentences, sets (their sizes, or their rows) and what heads the file.

    The number of a prompt is its text's second word: its row in the values. ``heads`` are further lines;
    ``model_heads`` is how many heads of attention a layer has.
    """

    claims: tuple[str, ...]
    sets: Mapping[str, int | Sequence[Row]]
    heads: tuple[str, ...] = ()
    pairs: Mapping[str, int] = field(default_factory=dict)
    width: int = 100
    layers: int = 1
    site: str = "resid_post"
    model_heads: int = 1

    @property
    def text(self) -> str:
        """The file as YAML."""
        sets = {
            name: rows(name, size) if isinstance(size, int) else list(size)
            for name, size in self.sets.items()
        }
        pairs = {
            name: [
                {"clean": f"{name} {place:03d}", "corrupted": f"un{name} {place:03d}"}
                for place in range(size)
            ]
            for name, size in self.pairs.items()
        }
        lines = ["version: 1", "models: [model]", f"site: {self.site}", "tokens: last of prompt", *self.heads]
        lines += [f"sets: {json.dumps(sets)}"] if sets else []
        lines += [f"pairs: {json.dumps(pairs)}"] if pairs else []
        return "\n".join([*lines, "claims:", *(f"  - {claim}" for claim in self.claims), ""])


def rows(name: str, size: int, **columns: Callable[[int], object]) -> list[dict[str, object]]:
    """Return the rows of a set: a text each, and what ``columns`` give for its place."""
    return [
        {"text": f"{name} {place:03d}", **{key: of(place) for key, of in columns.items()}}
        for place in range(size)
    ]


class World:
    """A claim file in a folder of its own, judged again and again on other values."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._places: dict[tuple[str, ...], tuple[str, NDArray[np.intp]]] = {}

    def _written(self, folder: Path) -> ClaimFile:
        path = folder / "drawn.claims.yaml"
        path.write_text(self._layout.text, encoding="utf-8")
        return read_claim_file(path, templates())

    def results(self, drawn: Iterator[Values]) -> Iterator[list[Result]]:
        """Yield the results of all claims, in their order, for each set of values."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            model = folder / "model"
            model.mkdir()
            config = {"model_type": "gpt2", "n_positions": 64, "vocab_size": 9}
            config |= {"n_layer": self._layout.layers, "n_embd": self._layout.width}
            config |= {"n_head": self._layout.model_heads}
            (model / "config.json").write_text(json.dumps(config))
            (model / "model.safetensors").write_bytes(b"")
            file = self._written(folder)
            for values in drawn:
                yield list(Study(measure=self._measure(values)).judge(file, "model").values())

    def _measure(self, values: Values) -> Callable[..., dict[Measurement, NDArray[np.float32]]]:
        def measure(
            source: object, measurements: Sequence[Measurement], **_: object
        ) -> dict[Measurement, NDArray[np.float32]]:
            del source
            return {need: self._answer(need, values).astype(np.float32) for need in measurements}

        return measure

    def _answer(self, need: Measurement, values: Values) -> Floats:
        if isinstance(need, Activations):
            name, places = self._found(need.prompts)
            found = values[name] if name in values else np.zeros((len(places), self._layout.width))
            own = (found[need.layer] if found.ndim == 3 else found)[places]
            return self._of_one_token(own, need) if isinstance(need.tokens.pool, EachPool) else own
        if isinstance(need, Attention):
            name, places = self._found(need.prompts)
            return values.get(f"{name} {need.to}", values[name])[places]
        if isinstance(need, Readout):
            return self._readout(need, values)
        if isinstance(need, Controls):
            return self._controls(need, values)
        if isinstance(need, (Ablation, AblationSweep)):
            return self._ablation(need, values)
        if isinstance(need, (Restoration, RestorationSweep)):
            return self._restoration(need, values)
        raise TypeError(f"no values are drawn for {need!r}")

    def _found(self, texts: tuple[str, ...]) -> tuple[str, NDArray[np.intp]]:
        """Return the set that texts are of, and their rows."""
        if texts not in self._places:
            names, numbers = zip(*(text.split()[:2] for text in texts), strict=True)
            self._places[texts] = names[0], np.array(numbers, dtype=int)
        return self._places[texts]

    def _of_one_token(self, states: Floats, need: Activations) -> Floats:
        """Return states as those of texts of one token: its number, then the values of all positions there may be."""
        assert isinstance(need.tokens.pool, EachPool)
        rows_of = np.zeros((len(states), 1 + need.tokens.pool.positions * self._layout.width))
        rows_of[:, 0], rows_of[:, 1 : 1 + self._layout.width] = 1, states
        return rows_of

    def _readout(self, need: Readout, values: Values) -> Floats:
        name, places = self._found(need.documents)
        bins = len(need.edges) + 1
        rows_of = np.zeros((len(places), 3 + 2 * bins))
        rows_of[:, 0], rows_of[:, 1] = 20, 5
        if f"{name} above" in values:
            rows_of[:, 3 + bins - 1] = values[f"{name} above"][places, need.index]
            rows_of[:, -1] = values[f"{name} hits"][places, need.index]
            return rows_of
        rows_of[:, 2] = values[name][places, need.index]
        rows_of[:, 3], rows_of[:, 3 + bins] = 20, 5
        return rows_of

    def _ablation(self, need: Ablation | AblationSweep, values: Values) -> Floats:
        name, places = self._found(need.prompts)
        change, before = values[name][places], np.zeros(len(places))
        if isinstance(need, AblationSweep):
            return np.column_stack([before, change])
        times = need.replacement.amount if isinstance(need.replacement, Add) else 1.0
        after = sum((times * change[:, index] for _, index in need.neurons), before)
        chance = np.full(len(places), 0.5)
        return np.stack([before, after, chance, chance, np.full(len(places), 0.01)], axis=1)

    def _controls(self, need: Controls, values: Values) -> Floats:
        """Return what the next neurons do in the place of those named: all of one size, the same in every text."""
        assert isinstance(need.of, (Ablation, Restoration))
        named, width = need.of.neurons, self._layout.width
        lists = [
            tuple((layer, (index + number) % width) for layer, index in named)
            for number in range(1, need.count + 1)
        ]
        rows = [self._answer(replace(need.of, neurons=each), values) for each in lists]
        after = [each[:, 2 if need.need.pairs else 1] for each in rows]
        texts = len(need.request.items)
        indices = np.tile([index for each in lists for _, index in each], (texts, 1))
        return np.column_stack(
            [*after, np.zeros((texts, need.count)), np.ones((texts, 1 + need.count)), indices]
        )

    def _restoration(self, need: Restoration | RestorationSweep, values: Values) -> Floats:
        name, places = self._found(tuple(pair.clean for pair in need.pairs))
        lost, back = values[f"{name} lost"][places], values[name][places]
        corrupted = np.zeros(len(places))
        if isinstance(need, RestorationSweep):
            return np.column_stack([lost, corrupted, back])
        return np.stack(
            [lost, corrupted, sum((back[:, index] for _, index in need.neurons), corrupted)], axis=1
        )
