"""What is read of texts before and after an intervention on some neurons together, or on each of a layer alone.

Texts of equally many tokens share a batch, so nothing is padded. Changes of each of a layer are in ``sweeps``, those of
other neurons in the place of the ones named in ``controls``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from neuronclaims.measurements.changing.controls import ControlNeed
from neuronclaims.measurements.changing.needs import ChangeNeed
from neuronclaims.measurements.changing.outcomes.readings import Written
from neuronclaims.measurements.errors import MeasurementError, shorten
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.changing.controls import ControlledBatch
from neuronclaims.models.running.changing.final_norm import FinalNorm, watched
from neuronclaims.models.running.changing.interventions import References, Taken, edit_at, references
from neuronclaims.models.running.changing.outcomes import (
    OutcomeReader,
    TextRuns,
    TokenReader,
    divergences,
    reader_of,
)
from neuronclaims.models.running.changing.sweeps import sweep
from neuronclaims.models.running.changing.texts import ChangedPlaces, ChangedText, alike, changed_texts
from neuronclaims.models.running.changing.written import TextWriter
from neuronclaims.models.running.encode import Encoded, collate, padding_id
from neuronclaims.models.running.hooks import Edit, Place, starting_at, traced
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward
from neuronclaims.models.running.predictions import PredictionReader, check_head, logits_of
from neuronclaims.models.running.worker import Batches, Finished, running


@dataclass(frozen=True, slots=True, eq=False)
class Unchanged:
    """The result of a batch before any change: values [rows, tokens, width] by place, and states.

    ``hidden`` [rows, tokens, hidden] is what the body makes of the texts that are changed; ``of_clean`` and ``clean``
    are the values and the states of the clean texts of pairs. ``into_norm`` is what the final norm is given, where that
    is watched.
    """

    texts: Sequence[Encoded]
    ids: torch.Tensor
    own: Mapping[Place, torch.Tensor]
    hidden: torch.Tensor
    into_norm: torch.Tensor | None
    of_clean: Mapping[Place, torch.Tensor]
    clean: torch.Tensor | None

    def runs(self, hidden: torch.Tensor, into_norm: torch.Tensor | None) -> TextRuns:
        """Return the texts that are changed with states of theirs, [rows, tokens, hidden]."""
        norm = None if into_norm is None or self.into_norm is None else (into_norm, self.into_norm)
        return TextRuns(self.texts, self.ids, hidden, self.hidden, norm)

    @property
    def unchanged(self) -> TextRuns:
        """The texts with their states before any change."""
        return self.runs(self.hidden, self.into_norm)


def work(ready: Ready, job: Job, options: RunOptions) -> Batches:
    """Return the predictions of a job's texts, batch by batch; all texts and tokens are checked at once."""
    needs = [need for need in job.needs if isinstance(need, ChangeNeed)]
    needs.sort(key=lambda need: not isinstance(need, ControlNeed))
    readers = {
        need: None if isinstance(need.prediction, Written) else reader_of(ready, need.prediction)
        for need in needs
    }
    batches = list(alike(changed_texts(ready, job, needs), options))
    changing = _Changing(ready, readers, batches, options)
    return Batches([tuple(text.item for text in batch) for batch in batches], changing.run)


class _Changing:
    """The batches of a job; what all of them need is found when the first one is run, whichever that is."""

    def __init__(
        self,
        ready: Ready,
        readers: Mapping[ChangeNeed, OutcomeReader | None],
        batches: Sequence[Sequence[ChangedText]],
        options: RunOptions,
    ) -> None:
        self._ready, self._readers, self._batches, self._options = ready, readers, batches, options
        self._from_middle: dict[str, bool] = {}  # by change: where there are controls, they find it out
        self._checked = False

    def run(self, number: int) -> Finished:
        """Run one batch."""
        ready, batch = self._ready, self._batches[number]
        with running(ready, f"on {shorten(batch[0].changed.prompt)}"):
            rows = self._rows(number)
            before = _unchanged(ready, self._readers, rows)
            if not self._checked:
                check_head(ready, before.ids[:1], before.hidden[:1])
                self._checked = True
            values: dict[Need, NDArray[np.float32]] = {}
            writer = TextWriter(ready, before.texts, before.ids)
            for need, reader in self._readers.items():
                own = self._own(need, rows, before)
                if reader is None:
                    assert isinstance(need.prediction, Written)
                    found = writer.both(need, need.prediction, own)
                elif isinstance(need, ControlNeed):
                    copies = ControlledBatch(ready, need, before.unchanged, before.own, own)
                    found = copies.changed(
                        reader, self._options, from_middle=self._holds(need, reader, number, copies)
                    )
                elif need.sweep is not None:
                    found = _sweep(ready, need, reader, before, own, self._options)
                else:
                    middle = self._from_middle.get(str(need), False)
                    found = _change(ready, need, reader, before, own, middle)
                values[need] = found.to("cpu", torch.float32).numpy()
        return Finished(
            tuple(text.item for text in batch), {need: values[need][: len(batch)] for need in values}
        )

    @cached_property
    def _taken(self) -> Mapping[ChangeNeed, References]:
        with running(self._ready, "on the reference texts"):
            return references(self._ready, tuple(self._readers))

    def _rows(self, number: int) -> Sequence[ChangedText]:
        """Return the texts of a batch; measured again, it has one more, so that it has another shape."""
        batch = self._batches[number]
        return [*batch, batch[0]] if self._options.again else batch

    def _own(self, need: ChangeNeed, rows: Sequence[ChangedText], before: Unchanged) -> Taken:
        places = ChangedPlaces.of(rows, need.at, self._ready.device)
        items = tuple(text.item for text in rows)
        return Taken(places.values(before.of_clean), self._taken.get(need, {}), items, places.mask)

    def _holds(self, need: ControlNeed, reader: OutcomeReader, number: int, copies: ControlledBatch) -> bool:
        """Say whether copies may be run from the middle: tried once for each change, on the first batch of the job.

        So it does not depend on which batch is run first.
        """
        if need.change not in self._from_middle:
            if number:
                rows = self._rows(0)
                before = _unchanged(self._ready, self._readers, rows)
                own = self._own(need, rows, before)
                copies = ControlledBatch(self._ready, need, before.unchanged, before.own, own)
            self._from_middle[need.change] = copies.middle_holds(reader)
        return self._from_middle[need.change]


def _unchanged(
    ready: Ready, needs: Mapping[ChangeNeed, OutcomeReader | None], batch: Sequence[ChangedText]
) -> Unchanged:
    """Run the texts as they are, once for all needs."""
    pad = padding_id(ready.tokenizer)
    places = {place for need in needs for place in need.places}
    from_middle = [need for need in needs if need.sweep is not None or isinstance(need, ControlNeed)]
    entries = {("resid_pre", need.layers[0]) for need in from_middle}
    rows = collate([text.changed for text in batch], pad, "right", ready.device)
    norm = next((reader.norm for reader in needs.values() if reader is not None and reader.norm), None)
    hidden, own, into_norm = _run(ready, rows.ids, retain=places | entries, norm=norm)
    clean, of_clean = None, dict[Place, torch.Tensor]()
    texts = [text.clean for text in batch if text.clean is not None]
    if texts:
        clean, of_clean, _ = _run(ready, collate(texts, pad, "right", ready.device).ids, retain=places)
    return Unchanged(rows.rows, rows.ids, own, hidden, into_norm, of_clean, clean)


def _change(
    ready: Ready,
    need: ChangeNeed,
    reader: OutcomeReader,
    before: Unchanged,
    taken: Taken,
    from_middle: bool,
) -> torch.Tensor:
    """Return the columns of a change to some neurons together, [rows, columns] as the measurements name them."""
    lowest = need.layers[0]
    with starting_at(ready, lowest, before.own["resid_pre", lowest]) if from_middle else nullcontext():
        edits = {place: edit_at(place, need, taken) for place in need.places}
        hidden, _, into_norm = _run(ready, before.ids, edits, norm=reader.norm)
    runs = before.runs(hidden, into_norm)
    after = reader.read(runs)
    if before.clean is not None:
        return torch.stack([*_start(ready, reader, before), after[:, 0]], 1)
    start = reader.read(before.unchanged)
    pairs = torch.stack([start, after], 2).flatten(1)  # of each number: before, after
    apart = divergences(ready, runs)
    return torch.cat([pairs, apart.unsqueeze(1)], 1)


def _sweep(
    ready: Ready,
    need: ChangeNeed,
    reader: OutcomeReader,
    before: Unchanged,
    taken: Taken,
    options: RunOptions,
) -> torch.Tensor:
    """Return the columns of a change to each neuron of a layer alone, [rows, columns]."""
    (place,) = need.places
    put = taken.put(need, place, before.own[place])
    after = sweep(ready, place, before.ids, before.own, put, taken.mask, _predicts(reader), options)
    return torch.cat([torch.stack(_start(ready, reader, before), 1), after], 1)


def _start(ready: Ready, reader: OutcomeReader, before: Unchanged) -> list[torch.Tensor]:
    """Return the prediction on the clean texts, if any, and that on the texts themselves: [rows] each."""
    states = [before.hidden] if before.clean is None else [before.clean, before.hidden]
    predicts = _predicts(reader)
    return [predicts.of(logits_of(ready, each[:, -1])) for each in states]


def _predicts(reader: OutcomeReader) -> PredictionReader:
    """Return what reads a prediction: sweeps and pairs have no other outcome, as their needs check."""
    if not isinstance(reader, TokenReader):
        raise MeasurementError(
            "Of pairs, and of each neuron of a layer alone, predictions of tokens are read."
        )
    return reader.prediction


def _run(
    ready: Ready,
    ids: torch.Tensor,
    edits: Mapping[Place, Edit] | None = None,
    retain: Collection[Place] = (),
    norm: FinalNorm | None = None,
) -> tuple[torch.Tensor, dict[Place, torch.Tensor], torch.Tensor | None]:
    """Return the last hidden states of texts without padding, the values at places, and what the final norm is given.

    The last where ``norm`` is to be watched.
    """
    positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    with watched(norm) as given, traced(ready, ids.shape, edits, retain) as kept:
        hidden, _ = forward(ready, ids, torch.ones_like(ids), positions)
    return hidden, kept, given[-1] if given else None
