"""How much memory a run of a model takes: its weights, the libraries, and the largest batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from neuronclaims.engines.workload import Workload
from neuronclaims.measurements import ModelFacts
from neuronclaims.measurements.measurement import Need
from neuronclaims.models.identity.folder_files import weight_files
from neuronclaims.models.identity.safetensors_header import read_header
from neuronclaims.models.sources import Source

LIBRARIES = 430_000_000
"""What a process takes that has imported torch and Transformers for the CPU, and run one text."""

BYTES: Mapping[str, int] = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}
"""Bytes of a number of each type."""
_FLOATS = ("F64", "F32", "F16", "BF16")
_STATES, _INNER = 8, 3
"""So many states of the residual stream, and inner layers of an MLP, are held at once in a block."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The bytes that a run takes at most: the libraries, the ``weights``, the largest ``batch`` and the ``rows``.

    ``reading`` is the largest file of weights, which is in memory while the model is loaded, and is given back where
    others need it. ``rows`` are measured values, which are all held until the claims are judged.
    """

    weights: int
    reading: int
    batch: int
    rows: int
    libraries: int = LIBRARIES

    @property
    def total(self) -> int:
        """All of it together."""
        return self.libraries + self.weights + self.reading + self.batch + self.rows


def weight_bytes(source: Source, dtype: str) -> tuple[int, int]:
    """Return the bytes of a model's weights in a number type, and of its largest file, by the files' headers alone.

    Raises ModelError where files are missing or cannot be read.
    """
    if source.loaded is not None:
        return sum(each.numel() * each.element_size() for each in source.loaded.model.parameters()), 0
    assert source.model_folder is not None
    files = [list(read_header(path).values()) for path in weight_files(source.model_folder)]
    floats = BYTES.get(dtype, 4)
    weights = sum(
        prod(place.shape) * floats if place.dtype in _FLOATS else place.stop - place.start
        for places in files
        for place in places
    )
    return weights, max(sum(place.stop - place.start for place in places) for places in files)


def batch_bytes(config: Mapping[str, Any], facts: ModelFacts, dtype: str, work: Sequence[Workload]) -> int:
    """Return about how many bytes the largest batch takes: the values of one block, and the logits of its texts."""
    token, text = token_bytes(facts, dtype), text_bytes(config)
    each = (job.batch * token + job.batch * _vocabulary_share(job) * text for job in work)
    return int(max(each, default=0))


def token_bytes(facts: ModelFacts, dtype: str) -> int:
    """Return about how many bytes each token of a batch takes in one block."""
    hidden, inner = facts.widths.get("resid_post", 0), facts.widths.get("mlp_post", 0)
    return BYTES.get(dtype, 4) * (_STATES * hidden + _INNER * inner)


def text_bytes(config: Mapping[str, Any]) -> int:
    """Return how many bytes the logits of one token take."""
    vocabulary = config.get("vocab_size")
    return 4 * vocabulary if isinstance(vocabulary, int) else 0


def _vocabulary_share(job: Workload) -> float:
    """Return for how much of a batch's tokens logits are held: those of last tokens, or where all are, 128 at once."""
    if ("activations" in job.name and "generating" not in job.name) or not job.batch:
        return 0.0
    return min(1.0, (128 if "documents" in job.name else job.rows) / job.batch)


def row_bytes(wanted: Mapping[Need, Sequence[str]], facts: ModelFacts) -> int:
    """Return the bytes of the values that measurements have, one row for each text."""
    return sum(need.width(facts) * len(texts) * 4 for need, texts in wanted.items())
