"""Read whole layers of a model token by token, a few texts at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, ModelFacts, TokenRule
from neuronclaims.measurements.errors import ModelError
from neuronclaims.measurements.gaps import Gappy, with_gaps
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import LoadedModel, Source
from neuronclaims.prompts import is_plain

Places: TypeAlias = Mapping[str, NDArray[np.int64]]
"""Which tokens of each text are wanted, counted from 0 among those that are text."""

BYTES = 2**26
"""About how many bytes of values are held at once: the texts of a step are as many as that allows, one at least."""
TEXTS = 64


class Held:
    """A model, loaded once."""

    def __init__(self, source: Source, options: RunOptions) -> None:
        from neuronclaims.models.running.loading import load

        ready = load(source, options)
        self.model = LoadedModel(ready.model, ready.tokenizer)
        self._source, self._options = replace(source, folder=None, loaded=self.model), options

    @property
    def facts(self) -> ModelFacts:
        """What the model's configuration tells."""
        return self._source.facts()

    def ends(self, texts: Sequence[str]) -> dict[str, NDArray[np.int64]]:
        """Return where each token of each text ends, in characters.

        A text too long for the model is left out, and so is a chat, which every model writes by a template of its own.
        """
        from neuronclaims.models.running.loading import quiet
        from neuronclaims.models.splitting import text_free

        special, plain = text_free(self.model.tokenizer), [text for text in texts if is_plain(text)]
        if not plain:
            return {}
        try:
            with quiet():
                read: Any = self.model.tokenizer(plain, return_offsets_mapping=True, truncation=False)
        except NotImplementedError:
            raise ModelError(
                f"The tokenizer of {self._source.name} does not say where tokens end; save it with its tokenizer.json."
            ) from None
        return {
            text: np.array(
                [end for token, (_, end) in zip(ids, offsets, strict=True) if token not in special]
            )
            for text, ids, offsets in zip(plain, read["input_ids"], read["offset_mapping"], strict=True)
            if len(ids) <= self._source.context
        }

    def values(
        self, site: str, layers: Sequence[int], places: Places
    ) -> Iterator[tuple[list[str], dict[int, NDArray[np.float32]]]]:
        """Yield some texts, and by layer the values [tokens, width] of their wanted tokens, until all were read."""
        texts = sorted((text for text in places if len(places[text])), key=lambda text: (len(text), text))
        while texts:
            some = texts[: self._fitting(site, layers, [places[text] for text in texts[:TEXTS]])]
            texts = texts[len(some) :]
            positions = 1 + max(int(places[text].max()) for text in some)
            rule = TokenRule(f"each {positions}", "prompt")
            asked = {layer: Activations(_site(site), layer, rule, tuple(some)) for layer in layers}
            answers = measure(self._source, list(asked.values()), options=self._options)
            width = self.facts.widths[site]
            yield (
                some,
                {
                    layer: _rows(self._whole(ask, answers[ask]), width, some, places)
                    for layer, ask in asked.items()
                },
            )

    def _whole(self, asked: Activations, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return values all of which are finite; raise MeasurementError for others: directions need whole layers."""
        found = with_gaps(asked, values, self.facts.name)
        return found.read() if isinstance(found, Gappy) else found

    def _fitting(self, site: str, layers: Sequence[int], places: Sequence[NDArray[np.int64]]) -> int:
        """Return how many of the next texts fit in memory at once."""
        row = 4 * len(layers) * self.facts.widths[site]
        longest = np.maximum.accumulate([1 + int(place.max()) for place in places])
        sizes = longest * np.arange(1, len(places) + 1) * row
        return max(1, int((sizes <= BYTES).sum()))


def shared(
    old: Mapping[str, NDArray[np.int64]], new: Mapping[str, NDArray[np.int64]]
) -> tuple[Places, Places]:
    """Return the tokens of both models that end at the same character of a text: there both have read the same."""
    first: dict[str, NDArray[np.int64]] = {}
    second: dict[str, NDArray[np.int64]] = {}
    for text in old.keys() & new.keys():
        one = {int(end): place for place, end in enumerate(old[text])}
        two = {int(end): place for place, end in enumerate(new[text])}
        both = sorted(one.keys() & two.keys())
        first[text] = np.array([one[end] for end in both], np.int64)
        second[text] = np.array([two[end] for end in both], np.int64)
    return first, second


def _rows(
    answer: NDArray[np.float32], width: int, texts: Sequence[str], places: Places
) -> NDArray[np.float32]:
    values = answer[:, 1:].reshape(len(texts), -1, width)
    return np.concatenate([values[row, places[text]] for row, text in enumerate(texts)])


def _site(site: str) -> Any:
    return site
