"""Change other neurons in the place of those named: drawn for each text, and run as copies of it from the middle up.

Where a model gives something else when it is begun in its middle, copies are run whole, which costs more and is right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from neuronclaims.measurements.changing.controls import NEAREST, ControlNeed
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.changing.final_norm import watched
from neuronclaims.models.running.changing.interventions import Taken
from neuronclaims.models.running.changing.outcomes import OutcomeReader, TextRuns
from neuronclaims.models.running.changing.sweeps import TOLERANCE
from neuronclaims.models.running.hooks import Edit, Place, starting_at, traced
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import forward

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ControlledBatch:
    """A batch of texts without padding whose controls are changed; ``before`` are its runs before any change.

    ``own`` are the values at the places of the need and at the entry of its lowest block, before any change.
    """

    ready: Ready
    need: ControlNeed
    before: TextRuns
    own: Mapping[Place, torch.Tensor]
    taken: Taken

    @property
    def ids(self) -> torch.Tensor:
        """The tokens of the texts [rows, tokens]."""
        return self.before.ids

    def middle_holds(self, reader: OutcomeReader) -> bool:
        """Say whether a run from the middle gives what an ordinary one gives: tried on the first control."""
        drawn = self._drawn()[0][0, :1]
        first = np.zeros(1, dtype=np.int64)
        alone = reader.read(self._run(first, drawn, reader, from_middle=False))[0]
        try:
            found = reader.read(self._run(first, drawn, reader, from_middle=True))[0]
        except Exception:  # blocks of an architecture nobody looked at may want whatever the ones below make
            return False
        allowed = TOLERANCE.get(self.ready.rounds_as, 1e-2) * max(float(alone.abs().max()), 1.0)
        return bool((found - alone).abs().max() <= allowed)

    def changed(self, reader: OutcomeReader, options: RunOptions, *, from_middle: bool) -> torch.Tensor:
        """Return the columns of the controls [rows, width].

        Runs begin at the lowest changed block where ``from_middle``, otherwise they are whole.
        """
        drawn, size, sizes = self._drawn()
        rows, count = drawn.shape[:2]
        flat = drawn.reshape(rows * count, -1)
        owners = np.repeat(np.arange(rows), count)
        step = max(1, min(options.batch_prompts, options.batch_tokens // self.ids.shape[1]))
        parts = []
        for first in range(0, len(flat), step):
            some = slice(first, first + step)
            parts.append(reader.read(self._run(owners[some], flat[some], reader, from_middle=from_middle)))
        found = torch.cat(parts)
        after, chances = found.T.reshape(2, rows, count).cpu()
        named = torch.from_numpy(drawn.reshape(rows, -1))
        return torch.cat([each.float() for each in (after, chances, size[:, None], sizes, named)], 1)

    def _drawn(self) -> tuple[Indices, torch.Tensor, torch.Tensor]:
        """Return neurons [rows, controls, neurons], the size of the named ones [rows], and theirs [rows, controls]."""
        rows, count = len(self.ids), self.need.count
        drawn = np.zeros((rows, count, len(self.need.neurons)), dtype=np.int64)
        size, sizes = np.zeros(rows), np.zeros((rows, count))
        for place in self.need.places:
            columns = [at for at, (layer, _) in enumerate(self.need.neurons) if layer == place[1]]
            named = [self.need.neurons[at][1] for at in columns]
            values = self.own[place]
            large, moved = (
                self._sizes(each).cpu().double().numpy()
                for each in (values, self.taken.put(self.need, place, values) - values)
            )
            for row, item in enumerate(self.taken.items):
                seed = _seed(self.need.change, str(place[1]), item)
                found = lists_like(named, np.stack([large[row], moved[row]]), count, seed)
                drawn[row][:, columns] = found
                size[row] += large[row][named].sum()
                sizes[row] += large[row][found].sum(1)
        many = len(self.need.neurons)
        return drawn, torch.from_numpy(size / many), torch.from_numpy(sizes / many)

    def _sizes(self, values: torch.Tensor) -> torch.Tensor:
        """Return the mean size of values [rows, tokens, width, ...] over the changed tokens: [rows, width]."""
        large = values.float().abs() if values.ndim == 3 else values.float().norm(dim=-1)
        mask = self.taken.mask.unsqueeze(2).to(large.device)
        return (large * mask).sum(1) / mask.sum(1).clamp(min=1)

    def _run(self, owners: Indices, drawn: Indices, reader: OutcomeReader, *, from_middle: bool) -> TextRuns:
        """Return the runs of copies of rows ``owners``, each with its own neurons changed."""
        rows = torch.from_numpy(owners)  # on the CPU, from where any device is indexed
        ids, lowest = self.ids[rows], self.need.layers[0]
        taken = Taken(
            {place: values[rows] for place, values in self.taken.of_clean.items()},
            self.taken.references,
            tuple(self.taken.items[row] for row in owners),
            self.taken.mask[rows],
        )
        edits = {place: self._edit(place, drawn, taken) for place in self.need.places}
        positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)

        def run() -> TextRuns:
            with watched(reader.norm) as given, traced(self.ready, ids.shape, edits):
                hidden, _ = forward(self.ready, ids, torch.ones_like(ids), positions)
            before, norm = self.before, self.before.into_norm
            into_norm = (given[-1], norm[1][rows]) if given and norm is not None else None
            texts = [before.texts[row] for row in owners]
            return TextRuns(texts, ids, hidden, before.hidden[rows], into_norm)

        if not from_middle:
            return run()
        with starting_at(self.ready, lowest, self.own["resid_pre", lowest][rows]):
            return run()

    def _edit(self, place: Place, drawn: Indices, taken: Taken) -> Edit:
        at = [number for number, (layer, _) in enumerate(self.need.neurons) if layer == place[1]]
        chosen = torch.from_numpy(drawn[:, at])

        def edit(values: torch.Tensor) -> torch.Tensor:
            put, values = taken.put(self.need, place, values), values.clone()
            columns = chosen.to(values.device)
            copies = torch.arange(len(columns), device=values.device).unsqueeze(1)
            before = values[copies, :, columns]
            mask = (
                taken.mask[:, None].reshape(len(columns), 1, -1, *[1] * (values.ndim - 3)).to(values.device)
            )
            values[copies, :, columns] = torch.where(mask, put[copies, :, columns], before)
            return values

        return edit


def lists_like(named: Sequence[int], like: NDArray[np.float64], count: int, seed: int) -> Indices:
    """Return ``count`` lists of other neurons of a layer, [count, neurons], the i-th of each like the i-th named.

    ``like`` [measures, width] says what neurons are alike in; each measure counts in its standard deviations. At least
    twice as many neurons as are named must be there.

    >>> sizes = np.array([[9.0, 0.1, 0.2, 8.0, 0.3, 7.5, 0.1]])
    >>> lists_like([0], sizes, 3, seed=1).shape
    (3, 1)
    """
    width, many = like.shape[1], len(named)
    spread = like.std(axis=1, keepdims=True)
    scaled = like / np.where(spread > 0, spread, 1.0)
    chance = np.random.PCG64(seed).random_raw(width)
    # In the order of chance, so that neurons that are just alike (latents that are 0) come in no order of their own.
    shuffled = np.argsort(chance, kind="stable")
    shuffled = shuffled[~np.isin(shuffled, named)]
    near = min(len(shuffled), max(NEAREST, 2 * many))
    found = np.zeros((count, many), dtype=np.int64)
    candidates = []
    for neuron in named:
        apart = np.abs(scaled[:, shuffled] - scaled[:, [neuron]]).sum(axis=0)
        nearest = np.sort(np.argsort(apart, kind="stable")[:near])  # again in the order of chance
        candidates.append(shuffled[nearest])
    for number in range(count):
        used: set[int] = set()
        for place, likely in enumerate(candidates):
            turned = np.roll(likely, -number * many)
            chosen = next(int(each) for each in turned if int(each) not in used)
            used.add(chosen)
            found[number, place] = chosen
    return found


def _seed(*words: str) -> int:
    text = "\0".join(words).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little")
