"""Token by token: the prompts that speak most for a claim about few neurons, and most against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.figures import Speaks, TokenMap, TokenRow
from neuronclaims.kinds import kind_of
from neuronclaims.kinds.shared.requests import in_order, items_of, texts_of
from neuronclaims.measurements import Activations, Measurement, TokenValues
from neuronclaims.measurements.gaps import Gappy
from neuronclaims.measurements.views.view import titled
from neuronclaims.models.token_readings import split_by_tokenizer
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.tokens.readings import token_text
from neuronclaims.tokens.spans import ChangedTokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.judging.findings import FileOnModel
    from neuronclaims.kinds import Finding
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.tokens.split_text import SplitText

MOST_CLAIMS = 50
"""The claims of a file that get maps: the first ones. More would take time, and nobody reads so many."""

FEW = 3
"""Neurons of a claim that get a map, and prompts that are shown for it, and against it."""

SHOWN, BEFORE = 48, 32
"""Tokens of a long prompt that are shown, and how many of them stand before the last one that is read."""

_SIDES = {"greater": 1.0, "not less": 1.0, "less": -1.0, "not greater": -1.0}
_EVERY = ("mean", "max")


@dataclass(frozen=True, slots=True)
class _ReadPrompt:
    """A prompt with the value that a claim reads of it; ``sign`` is that of its set in the claim."""

    set: str
    sign: float
    item: str
    value: float


@dataclass(frozen=True, slots=True)
class _Read:
    """One neuron of a claim with all the prompts that it is read in."""

    need: Activations
    neuron: Neuron
    prompts: tuple[_ReadPrompt, ...]

    @property
    def measurement(self) -> TokenValues:
        """Ask for the highest and the lowest of each set: those for and against are among them, whatever is claimed."""
        chosen: dict[str, None] = {}
        for name in dict.fromkeys(prompt.set for prompt in self.prompts):
            ordered = sorted((p for p in self.prompts if p.set == name), key=lambda p: (p.value, p.item))
            chosen |= dict.fromkeys(prompt.item for prompt in (*ordered[:FEW], *ordered[-FEW:]))
        return TokenValues(self.need.site, self.neuron.layer, self.neuron.index, tuple(sorted(chosen)))

    def speaking(self, direction: float) -> Iterator[tuple[Speaks, _ReadPrompt]]:
        """Yield the prompts most for a claim of that direction, then those most against it, the clearest first."""
        means = [
            np.mean([prompt.value for prompt in self.prompts if prompt.sign == sign])
            for sign in {prompt.sign for prompt in self.prompts}
        ]
        middle = float(np.mean(means))

        def score(prompt: _ReadPrompt) -> tuple[float, str]:
            return direction * prompt.sign * (prompt.value - middle), prompt.item

        ordered = sorted(self.prompts, key=score)
        many = min(FEW, len(ordered) // 2)
        yield from (("for", prompt) for prompt in reversed(ordered[len(ordered) - many :]))
        yield from (("against", prompt) for prompt in ordered[:many])


def token_values_of(planned: FileOnModel, answers: Mapping[Measurement, object]) -> Iterator[TokenValues]:
    """Yield what maps of a file's claims are made of, once the values that the claims read are known."""
    for claim in planned.file.claims[:MOST_CLAIMS]:
        if claim.id in planned.needs:
            yield from (read.measurement for read in _read(planned, claim, answers))


def token_maps(
    planned: FileOnModel, claim: Claim, finding: Finding, answers: Mapping[Measurement, object]
) -> tuple[TokenMap, ...]:
    """Return the maps of a claim's neurons, as far as their values at tokens are known."""
    if not any(isinstance(each, TokenValues) for each in answers):
        return ()
    found: list[TokenMap] = []
    with suppress(NeuronClaimsError):
        split = split_by_tokenizer(planned.source)
        for read in _read(planned, claim, answers) if split is not None else ():
            values = answers.get(read.measurement)
            if split is not None and isinstance(values, np.ndarray):
                found.append(_map(read, _direction(finding), values, split))
    return tuple(each for each in found if each.rows)


def _direction(finding: Finding) -> float:
    """Return 1 where higher values of the first set are claimed, and -1 where lower ones are."""
    said, value = finding.statement, finding.estimate.value
    upwards = 1.0 if value is None or value >= said.null else -1.0
    return _SIDES.get(said.side, -upwards if said.side == "within" else upwards)


def _read(planned: FileOnModel, claim: Claim, answers: Mapping[Measurement, object]) -> Iterator[_Read]:
    """Yield the neurons of a claim that reads few of them in its sets of prompts."""
    who = getattr(claim.sentence, "who", None)
    if not isinstance(who, Subject) or who.how == "some" or not 0 < len(who.neurons) <= FEW:
        return
    names = [name for _, name in kind_of(claim.sentence).template.named(claim.sentence, "sets")]
    for neuron in who.neurons:
        needs = [
            each
            for each in planned.needs[claim.id]
            if isinstance(each, Activations) and each.layer == neuron.layer and each.generate is None
        ]
        prompts: list[_ReadPrompt] = []
        used: Activations | None = None
        for place, name in enumerate(dict.fromkeys(name for name in names if name in claim.sets)):
            for need in needs:
                values = _column(answers.get(need), neuron.index)
                if values is not None and need.prompts == _items(claim, name, need):
                    sign = 1.0 if place == 0 else -1.0
                    read = zip(need.prompts, values.tolist(), strict=True)
                    prompts += [_ReadPrompt(name, sign, item, value) for item, value in read]
                    used = need
                    break
        if used is not None:
            yield _Read(used, neuron, tuple(dict.fromkeys(prompts)))


def _items(claim: Claim, name: str, need: Activations) -> tuple[str, ...]:
    prompts, columns = in_order(claim.sets[name]), need.tokens.span.columns
    return items_of(prompts, columns) if columns else texts_of(prompts)


def _column(answer: object, index: int) -> NDArray[np.float32] | None:
    if isinstance(answer, Gappy):
        answer = answer.read([index])
    if not isinstance(answer, np.ndarray) or answer.ndim != 2 or index >= answer.shape[1]:
        return None
    values: NDArray[np.float32] = answer[:, index]
    return values if np.isfinite(values).all() else None


def _map(
    read: _Read, direction: float, values: NDArray[np.float32], split: Callable[[str], SplitText]
) -> TokenMap:
    places = {item: place for place, item in enumerate(read.measurement.prompts)}
    rows = [
        _row(speaks, prompt, values[places[prompt.item]], split(prompt.item), read.need)
        for speaks, prompt in read.speaking(direction)
        if prompt.item in places
    ]
    axis = titled(read.need.site, read.neuron.layer, read.neuron.index)
    return TokenMap(axis, str(read.need.tokens), tuple(row for row in rows if row is not None))


def _row(
    speaks: Speaks, prompt: _ReadPrompt, values: NDArray[np.float32], split: SplitText, need: Activations
) -> TokenRow | None:
    """Return a prompt cut around the tokens that are read; None where its values are not those of these tokens."""
    places = [place for place, counts in enumerate(split.counts) if counts]
    known = min(len(places), len(values) - 1)
    if int(values[0]) != len(places) or not known or not np.isfinite(values).all():
        return None
    pool = str(need.tokens.pool)
    at = set(split.changed(ChangedTokens("all" if pool in _EVERY else pool, need.tokens.span)))
    marked = [number for number, place in enumerate(places[:known]) if place in at]
    first, last = _window(known, marked, int(np.argmax(np.abs(values[1 : 1 + known]))))
    own = tuple(number - first for number in marked if first <= number < last)
    return TokenRow(
        prompt.set,
        speaks,
        _rounded(prompt.value),
        tuple(token_text(split, place) for place in places[first:last]),
        tuple(map(_rounded, values[1 + first : 1 + last].tolist())),
        () if len(marked) == len(places) else own,
        (first > 0, last < len(places)),
    )


def _window(many: int, marked: list[int], largest: int) -> tuple[int, int]:
    """Return the first token that is shown and the one after the last.

    >>> _window(10, [3], 0), _window(100, [60], 0), _window(100, [], 99)
    ((0, 10), (28, 76), (52, 100))
    """
    middle = marked[-1] if marked and len(marked) < many else largest
    first = max(0, min(middle - BEFORE, many - SHOWN))
    return first, min(many, first + SHOWN)


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
