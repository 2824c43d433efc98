"""What is read of a run on a text, before and after a change: by a reader per sort, from the states of the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from neuronclaims.measurements.changing.outcomes.reading import Reading
from neuronclaims.measurements.changing.outcomes.readings import Divergence, Entropy, Loss, Prediction
from neuronclaims.measurements.errors import MeasurementError, shorten
from neuronclaims.models.named import loaded
from neuronclaims.models.running.changing.final_norm import FinalNorm
from neuronclaims.models.running.encode import Encoded
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.predictions import PredictionReader, divergence, logits_of

_AT_ONCE = 256
"""So many positions are turned into logits at once: a vocabulary is wide."""


@dataclass(frozen=True, slots=True, eq=False)
class TextRuns:
    """Texts of equally many tokens, and what the model's body made of them: ``hidden`` [rows, tokens, hidden].

    ``before`` is what it made of them before anything was changed. ``ids`` [rows, tokens] are their tokens, ``texts``
    say which of them are text and where spans lie. ``into_norm`` is what the final norm is given, and what it was given
    before, where a reader watches it.
    """

    texts: Sequence[Encoded]
    ids: torch.Tensor
    hidden: torch.Tensor
    before: torch.Tensor
    into_norm: tuple[torch.Tensor, torch.Tensor] | None = None


class OutcomeReader(Protocol):
    """Reads two numbers of each run: the one asked for, and the share beside it."""

    @property
    def norm(self) -> FinalNorm | None:
        """The final norm, where it must be watched while the model runs."""
        ...

    def read(self, runs: TextRuns) -> torch.Tensor:
        """Return the numbers, float32 [rows, 2]."""
        ...


class TokenReader:
    """The logit of a token, or a difference of two, and the probability of the token."""

    norm: FinalNorm | None = None

    def __init__(self, ready: Ready, asked: Prediction) -> None:
        self._ready, self.prediction = ready, PredictionReader(ready, asked)

    def read(self, runs: TextRuns) -> torch.Tensor:
        """Return the prediction and the probability."""
        logits = logits_of(self._ready, runs.hidden[:, -1])
        return torch.stack([self.prediction.of(logits), self.prediction.probability(logits)], 1)


class EntropyReader:
    """The entropy of the next token's distribution in nats, and the probability of the likeliest token."""

    norm: FinalNorm | None = None

    def __init__(self, ready: Ready, asked: Entropy) -> None:
        self._ready, self._asked = ready, asked

    def read(self, runs: TextRuns) -> torch.Tensor:
        """Return entropy and probability."""
        logs = logits_of(self._ready, runs.hidden[:, -1]).float().log_softmax(-1)
        # A token that is impossible (minus infinity) adds nothing.
        parts = torch.where(logs.isneginf(), 0.0, logs.exp() * logs)
        return torch.stack([-parts.sum(-1), logs.max(-1).values.exp()], 1)


class LossReader:
    """The mean loss of the text's tokens in nats, and the share of them that are the likeliest ones."""

    norm: FinalNorm | None = None

    def __init__(self, ready: Ready, asked: Loss) -> None:
        self._ready, self._asked = ready, asked

    def read(self, runs: TextRuns) -> torch.Tensor:
        """Return loss and share."""
        found = []
        for text, ids, hidden in zip(runs.texts, runs.ids, runs.hidden, strict=True):
            # The last states may lie on another device than the tokens, where a model is spread over several.
            places = torch.tensor(self._places(text), device=hidden.device)
            losses, hits = zip(*self._parts(ids.to(hidden.device), hidden, places), strict=True)
            found.append(torch.stack([torch.cat(losses).mean(), torch.cat(hits).mean()]))
        return torch.stack(found)

    def _parts(
        self, ids: torch.Tensor, hidden: torch.Tensor, places: torch.Tensor
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for some in torch.split(places, _AT_ONCE):
            logits = logits_of(self._ready, hidden[some - 1]).float()
            tokens = ids[some].to(logits.device)
            own = logits.log_softmax(-1).gather(1, tokens.unsqueeze(1)).squeeze(1)
            yield -own, (logits.argmax(-1) == tokens).float()

    def _places(self, text: Encoded) -> list[int]:
        """Return the places of the tokens that count; raise MeasurementError where there are none."""
        at = self._asked.at
        wanted: Sequence[int] = range(len(text.ids))
        if at is not None:
            assert text.split is not None
            wanted = text.split.changed(at)
        places = [place for place in wanted if place > 0 and (text.counts[place] or at is not None)]
        if not places:
            raise MeasurementError(
                f"Nothing of the text {shorten(text.prompt)} is predicted from what stands before it, so it has no "
                "loss: it needs at least two tokens."
            )
        return places


class DivergenceReader:
    """The divergence of what is predicted now from what was before, in nats, and the share of likeliest tokens kept."""

    norm: FinalNorm | None = None

    def __init__(self, ready: Ready, asked: Divergence) -> None:
        self._ready, self._asked = ready, asked

    def read(self, runs: TextRuns) -> torch.Tensor:
        """Return divergence and share, means over the positions that hold text."""
        kept = []
        for text, old, new in zip(runs.texts, runs.before, runs.hidden, strict=True):
            counts = torch.tensor(text.counts, device=new.device)
            likeliest = [logits_of(self._ready, states[counts]).argmax(-1) for states in (old, new)]
            kept.append((likeliest[0] == likeliest[1]).float().mean())
        return torch.stack([divergences(self._ready, runs), torch.stack(kept)], 1)


def divergences(ready: Ready, runs: TextRuns) -> torch.Tensor:
    """Return the mean divergence of every row over the positions that hold text: [rows]."""
    counts = [torch.tensor(text.counts, device=runs.hidden.device) for text in runs.texts]
    old, new = (
        torch.cat([row[counted] for row, counted in zip(states, counts, strict=True)])
        for states in (runs.before, runs.hidden)
    )
    # Positions of all texts together: the LM head reads a whole vocabulary of weights for however few.
    apart = torch.cat(
        [
            divergence(logits_of(ready, one), logits_of(ready, other))
            for one, other in zip(torch.split(old, _AT_ONCE), torch.split(new, _AT_ONCE), strict=True)
        ]
    )
    return torch.stack([row.mean() for row in torch.split(apart, [int(counted.sum()) for counted in counts])])


def reader_of(ready: Ready, asked: Reading) -> OutcomeReader:
    """Return what reads an outcome of one model."""
    made: OutcomeReader = loaded(asked.reader)(ready, asked)
    return made
