"""Estimate what changing each neuron would do, by one forward and one backward: gradient times change.

To every place something is added that is 0, and the gradient of the outcome with respect to that is taken. So values
are what they are in any run, and the gradient at a place holds all that it does through the layers above. Texts of
equally many tokens share a batch, so nothing is padded and no text is in another's gradient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import torch
from numpy.typing import NDArray

from neuronclaims.measurements.changing.attributions import AttributionNeed
from neuronclaims.measurements.changing.needs import ChangeNeed
from neuronclaims.measurements.errors import MeasurementError, shorten
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.changing.interventions import References, Taken, references
from neuronclaims.models.running.changing.outcomes import OutcomeReader, TextRuns, reader_of
from neuronclaims.models.running.changing.texts import ChangedPlaces, ChangedText, alike, changed_texts
from neuronclaims.models.running.encode import Encoded, collate, padding_id
from neuronclaims.models.running.hooks import Place, traced
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward
from neuronclaims.models.running.predictions import check_head
from neuronclaims.models.running.worker import Batches, Finished, running

TOKENS_AT_ONCE = 512
"""A backward needs the values of all layers, so it is of so many tokens at most: half a gigabyte in GPT-2's shape."""


@dataclass(frozen=True, slots=True, eq=False)
class Linearised:
    """A run of texts [rows, tokens] of which gradients can be taken: the values at places, and what was added there.

    Both are [rows, tokens, width]; what was added is 0.
    """

    runs: TextRuns
    values: Mapping[Place, torch.Tensor]
    added: Mapping[Place, torch.Tensor]

    def outcome(self, ready: Ready, reader: OutcomeReader, beside: bool) -> torch.Tensor:
        """Return what is read, [rows], to take gradients of; raise MeasurementError where there are none."""
        found = reader.read(self.runs)[:, int(beside)]
        if not found.requires_grad:
            raise MeasurementError(
                f"{ready.facts.name} computes without gradients, so no attribution can be made of it."
            )
        return found


def work(ready: Ready, job: Job, options: RunOptions) -> Batches:
    """Return the estimates for a job's texts, batch by batch; all texts and tokens are checked at once."""
    asked: dict[AttributionNeed, list[AttributionNeed]] = {}
    for need in job.needs:
        if isinstance(need, AttributionNeed):
            asked.setdefault(need.question, []).append(need)
    readers = {question: reader_of(ready, question.prediction) for question in asked}
    needs = [need for same in asked.values() for need in same]
    return _batches(ready, asked, readers, changed_texts(ready, job, needs), options)


def _batches(
    ready: Ready,
    asked: Mapping[AttributionNeed, Sequence[AttributionNeed]],
    readers: Mapping[AttributionNeed, OutcomeReader],
    texts: Sequence[ChangedText],
    options: RunOptions,
) -> Batches:
    needs = [need for same in asked.values() for need in same]
    places = sorted({place for need in needs for place in need.places})
    few = replace(options, batch_tokens=min(options.batch_tokens, TOKENS_AT_ONCE))
    batches = list(alike(texts, few))
    unchecked = [True]

    @cache
    def given() -> Mapping[ChangeNeed, References]:
        with running(ready, "on the reference texts"):
            return references(ready, needs)

    def run_batch(number: int) -> Finished:
        batch, taken = batches[number], given()
        # Measured again, a batch has one row more, so that it has another shape.
        rows = [*batch, batch[0]] if options.again else batch
        doing = f"on {shorten(batch[0].changed.prompt)}"
        clean: tuple[TextRuns, Mapping[Place, torch.Tensor]] | None = None
        with running(ready, doing):
            others = [text.clean for text in rows if text.clean is not None]
            if others:
                clean = _run(ready, others, places)
        values: dict[Need, NDArray[np.float32]] = {}
        with running(ready, doing, gradients=True):
            run = _linearised(ready, [text.changed for text in rows], places)
            if unchecked[0]:
                check_head(ready, run.runs.ids[:1], run.runs.before[:1])
                unchecked[0] = False
            for place, (question, same) in enumerate(asked.items()):
                outcome = run.outcome(ready, readers[question], question.beside)
                gradients = _gradients(outcome, same, run, last=place == len(asked) - 1)
                start = [outcome.detach()]
                if clean is not None:
                    start.insert(0, readers[question].read(clean[0])[:, int(question.beside)])
                for need in same:
                    change = _change(ready, need, rows, run, clean, taken.get(need, {}), gradients)
                    found = torch.cat([torch.stack(start, 1), change.to(outcome.device)], 1)
                    values[need] = found.to("cpu", torch.float32).numpy()
        items = tuple(text.item for text in batch)
        return Finished(items, {need: values[need][: len(batch)] for need in values})

    return Batches([tuple(text.item for text in batch) for batch in batches], run_batch)


def _gradients(
    outcome: torch.Tensor, needs: Sequence[AttributionNeed], run: Linearised, *, last: bool
) -> Mapping[Place, torch.Tensor]:
    """Return the gradient of each row's outcome with respect to its own values, by place: [rows, tokens, width]."""
    places = sorted({place for need in needs for place in need.places})
    # Rows have nothing to do with one another, so the gradient of their sum is that of each.
    found = torch.autograd.grad(
        outcome.sum(),
        [run.added[place] for place in places],
        retain_graph=not last,
        allow_unused=True,
        materialize_grads=True,
    )
    return dict(zip(places, found, strict=True))


def _change(
    ready: Ready,
    need: AttributionNeed,
    rows: Sequence[ChangedText],
    run: Linearised,
    clean: tuple[TextRuns, Mapping[Place, torch.Tensor]] | None,
    reference: References,
    gradients: Mapping[Place, torch.Tensor],
) -> torch.Tensor:
    """Return the estimate for each neuron of a need's layer: float32 [rows, width]."""
    (place,) = need.places
    at = ChangedPlaces.of(rows, need.at, ready.device)
    of_clean = at.values({} if clean is None else clean[1])
    taken = Taken(of_clean, reference, tuple(text.item for text in rows), at.mask)
    own = run.values[place]
    moved = (taken.put(need, place, own) - own).float() * gradients[place].float()
    return torch.where(at.mask.to(moved.device).unsqueeze(2), moved, 0.0).sum(1)


def _run(
    ready: Ready, texts: Sequence[Encoded], places: Sequence[Place]
) -> tuple[TextRuns, Mapping[Place, torch.Tensor]]:
    """Return the run of texts as they are, and its values at the places."""
    ids = collate(texts, padding_id(ready.tokenizer), "right", ready.device).ids
    positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    with traced(ready, ids.shape, retain=places) as kept:
        hidden, _ = forward(ready, ids, torch.ones_like(ids), positions)
    return TextRuns(texts, ids, hidden, hidden), kept


def _linearised(ready: Ready, texts: Sequence[Encoded], places: Sequence[Place]) -> Linearised:
    """Run texts as they are, so that gradients with respect to the values at the places can be taken."""
    added: dict[Place, torch.Tensor] = {}

    def add(place: Place, values: torch.Tensor) -> torch.Tensor:
        added[place] = torch.zeros_like(values, requires_grad=True)
        return values + added[place]

    ids = collate(texts, padding_id(ready.tokenizer), "right", ready.device).ids
    positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    edits = {place: partial(add, place) for place in places}
    with traced(ready, ids.shape, edits, retain=places) as kept:
        hidden, _ = forward(ready, ids, torch.ones_like(ids), positions)
    return Linearised(TextRuns(texts, ids, hidden, hidden.detach()), kept, added)
