"""Predictions after neurons were changed: restored from the clean text of a pair, or ablated.

Texts of equally many tokens share a batch, so nothing is padded. Sweeps over a whole layer are in ``sweeps``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from neuronclaims.measurements.changes import ChangeNeed, Pair
from neuronclaims.measurements.errors import IntegrityError, MeasurementError, shorten
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Job
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.encode import Encoded, collate, encode, padding_id, shuffled
from neuronclaims.models.running.finished import Finished, running
from neuronclaims.models.running.hooks import Edit, Place, traced
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward
from neuronclaims.models.running.predictions import Asking, check_head, divergence, logits_of
from neuronclaims.models.running.references import Reference, references
from neuronclaims.models.running.sweeps import sweep


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """One item as tokens: the text that is changed, and the clean one that values are restored from, if any."""

    item: str
    changed: Encoded
    clean: Encoded | None


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of a batch before anything is changed: values at the places asked for, and logits.

    ``source`` holds, per place, the values [rows, tokens, width] that restoring puts in; ``own`` those of the texts
    themselves. ``hidden`` [rows, tokens, hidden] is what the body made of these.
    """

    own: Mapping[Place, torch.Tensor]
    source: Mapping[Place, torch.Tensor]
    hidden: torch.Tensor
    clean: torch.Tensor | None


def work(ready: Ready, job: Job, options: RunOptions) -> Iterator[Finished]:
    """Return the predictions of a job's texts, batch by batch; all texts and tokens are checked at once."""
    needs = tuple(need for need in job.needs if isinstance(need, ChangeNeed))
    asking = {need: Asking(ready, need.prediction) for need in needs}
    return _batches(ready, needs, asking, _texts(ready, job, needs), options)


def _texts(ready: Ready, job: Job, needs: Sequence[ChangeNeed]) -> list[Texts]:
    if not needs[0].pairs:
        return [
            Texts(item, row, None) for item, row in zip(job.items, encode(ready, job.items, 0), strict=True)
        ]
    pairs = [Pair.of_item(item) for item in job.items]
    clean = encode(ready, [pair.clean for pair in pairs], 0)
    corrupted = encode(ready, [pair.corrupted for pair in pairs], 0)
    for one, other in zip(clean, corrupted, strict=True):
        _check_lengths(ready, one, other)
    return [Texts(item, two, one) for item, one, two in zip(job.items, clean, corrupted, strict=True)]


def _check_lengths(ready: Ready, clean: Encoded, corrupted: Encoded) -> None:
    if len(clean.ids) == len(corrupted.ids):
        return
    split = [" | ".join(ready.tokenizer.convert_ids_to_tokens(list(row.ids))) for row in (clean, corrupted)]
    raise MeasurementError(
        f"The texts of a pair must have equally many tokens, but {ready.facts.name} makes {len(clean.ids)} of "
        f"{shorten(clean.prompt)} ({split[0]}) and {len(corrupted.ids)} of {shorten(corrupted.prompt)} ({split[1]})."
    )


def _batches(
    ready: Ready,
    needs: Sequence[ChangeNeed],
    asking: Mapping[ChangeNeed, Asking],
    texts: Sequence[Texts],
    options: RunOptions,
) -> Iterator[Finished]:
    with running(ready, "on the reference texts"):
        taken = references(ready, needs)
    for number, batch in enumerate(_alike(texts, options)):
        with running(ready, f"on {shorten(batch[0].changed.prompt)}"):
            # Measured again, a batch has one row more, so that it has another shape.
            rows = [*batch, batch[0]] if options.again else batch
            values = _changed(ready, needs, asking, rows, taken, options, checking=number == 0)
        yield Finished(
            tuple(text.item for text in batch), {need: values[need][: len(batch)] for need in values}
        )


def _alike(texts: Sequence[Texts], options: RunOptions) -> Iterator[list[Texts]]:
    """Split texts into batches of equally many tokens, whatever order they come in."""
    ordered = sorted(
        texts, key=lambda text: (-len(text.changed.ids), shuffled(text.item) if options.again else text.item)
    )
    batch: list[Texts] = []
    for text in ordered:
        length = len(text.changed.ids)
        full = len(batch) >= options.batch_prompts or (len(batch) + 1) * length > options.batch_tokens
        if batch and (full or length != len(batch[0].changed.ids)):
            yield batch
            batch = []
        batch.append(text)
    if batch:
        yield batch


def _changed(
    ready: Ready,
    needs: Sequence[ChangeNeed],
    asking: Mapping[ChangeNeed, Asking],
    batch: Sequence[Texts],
    taken: Mapping[ChangeNeed, Reference],
    options: RunOptions,
    checking: bool,
) -> dict[Need, NDArray[np.float32]]:
    rows = collate([text.changed for text in batch], padding_id(ready.tokenizer), "right", ready.device)
    known = _known(ready, needs, batch)
    if checking:
        check_head(ready, rows.ids[:1], known.hidden[:1])
    found: dict[ChangeNeed, torch.Tensor] = {}
    for need in needs:
        puts = {place: _put(need, place, known, taken, batch) for place in _places(need)}
        before = asking[need].of(logits_of(ready, known.hidden[:, -1]))
        start = (
            [before]
            if known.clean is None
            else [asking[need].of(logits_of(ready, known.clean[:, -1])), before]
        )
        if need.sweep is not None:
            place = (need.site, need.sweep)
            after = sweep(ready, place, rows.ids, known.own, puts[place], need, asking[need], options)
            found[need] = torch.cat([torch.stack(start, 1), after], 1)
            continue
        hidden, _ = _run(ready, rows.ids, {place: _edit(need, place, puts[place]) for place in puts})
        after = asking[need].of(logits_of(ready, hidden[:, -1]))
        if known.clean is not None:
            found[need] = torch.stack([*start, after], 1)
            continue
        chances = [asking[need].probability(logits_of(ready, h[:, -1])) for h in (known.hidden, hidden)]
        damage = _damage(ready, known.hidden, hidden, rows.counts)
        found[need] = torch.stack([before, after, *chances, damage], 1)
    arrays: dict[Need, NDArray[np.float32]] = {
        need: values.to("cpu", torch.float32).numpy() for need, values in found.items()
    }
    _check_finite(ready, arrays, batch)
    return arrays


def _known(ready: Ready, needs: Sequence[ChangeNeed], batch: Sequence[Texts]) -> Known:
    pad = padding_id(ready.tokenizer)
    places = {place for need in needs for place in _places(need)}
    entries = {("resid_pre", need.sweep) for need in needs if need.sweep is not None}
    changed = collate([text.changed for text in batch], pad, "right", ready.device)
    hidden, own = _run(ready, changed.ids, retain=places | entries)
    clean, source = None, dict[Place, torch.Tensor]()
    texts = [text.clean for text in batch if text.clean is not None]
    if texts:
        ids = collate(texts, pad, "right", ready.device).ids
        clean, source = _run(ready, ids, retain=places)
    return Known(own, source, hidden, clean)


def _places(need: ChangeNeed) -> list[Place]:
    return list(need.places)


@dataclass(frozen=True, slots=True, eq=False)
class PlaceValues:
    """What an intervention may use at one place of one batch: see ``measurements.interventions.Values``."""

    known: Known
    place: Place
    reference: Reference | None
    items: tuple[str, ...]

    @property
    def own(self) -> torch.Tensor:
        """The values of the texts themselves [rows, tokens, width]."""
        return self.known.own[self.place]

    @property
    def clean(self) -> torch.Tensor:
        """The values of the clean texts [rows, tokens, width]."""
        return self.known.source[self.place]

    @property
    def mean(self) -> torch.Tensor:
        """The mean over the reference texts, at every position [rows, tokens, width]."""
        return self._taken.means[self.place].to(self.own).expand_as(self.own)

    @property
    def resampled(self) -> torch.Tensor:
        """Values drawn from the reference texts [rows, tokens, width]."""
        pool, like = self._taken.values[self.place], self.own[0]
        return torch.stack([_resampled(pool, like, item) for item in self.items])

    @property
    def _taken(self) -> Reference:
        if self.reference is None:
            raise MeasurementError("The intervention takes reference texts, and none are given.")
        return self.reference


def _put(
    need: ChangeNeed,
    place: Place,
    known: Known,
    taken: Mapping[ChangeNeed, Reference],
    batch: Sequence[Texts],
) -> torch.Tensor:
    """Return what changed neurons hold: [rows, tokens, width], of which only their own columns count."""
    items = tuple(text.item for text in batch)
    return need.intervention.put(PlaceValues(known, place, taken.get(need), items))


def _resampled(pool: torch.Tensor, like: torch.Tensor, item: str) -> torch.Tensor:
    seed = int.from_bytes(hashlib.sha256(item.encode("utf-8", "surrogatepass")).digest()[:8], "little")
    chosen = np.random.PCG64(seed).random_raw(len(like)) % np.uint64(len(pool))
    return pool[torch.from_numpy(chosen.astype(np.int64)).to(pool.device)].to(like)


def _edit(need: ChangeNeed, place: Place, put: torch.Tensor) -> Edit:
    columns = [index for layer, index in need.neurons if layer == place[1]]

    def edit(values: torch.Tensor) -> torch.Tensor:
        values = values.clone()
        if need.positions == "last":
            values[:, -1, columns] = put[:, -1, columns]
        else:
            values[:, :, columns] = put[:, :, columns]
        return values

    return edit


def _run(
    ready: Ready,
    ids: torch.Tensor,
    edits: Mapping[Place, Edit] | None = None,
    retain: Collection[Place] = (),
) -> tuple[torch.Tensor, dict[Place, torch.Tensor]]:
    """Return the last hidden states of texts without padding, and the values at the places to retain."""
    positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    with traced(ready, ids.shape, edits, retain) as kept:
        hidden, _ = forward(ready, ids, torch.ones_like(ids), positions)
    return hidden, kept


def _damage(ready: Ready, before: torch.Tensor, after: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Return the mean divergence of every row over the positions that hold text: [rows]."""
    rows = []
    for old, new, text in zip(before, after, counts, strict=True):
        rows.append(divergence(logits_of(ready, old[text]), logits_of(ready, new[text])).mean())
    return torch.stack(rows)


def _check_finite(ready: Ready, arrays: Mapping[Need, NDArray[np.float32]], batch: Sequence[Texts]) -> None:
    for need, values in arrays.items():
        if not np.isfinite(values).all():
            row = int(np.argwhere(~np.isfinite(values))[0][0])
            raise IntegrityError(
                f"The prediction that {need} asks of {ready.facts.name} is not a finite number for "
                f"{shorten(batch[row].changed.prompt)}. The weights are broken or the number type is too small; "
                "nothing of this run is kept."
            )
