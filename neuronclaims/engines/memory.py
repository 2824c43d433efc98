"""How much memory a run of a model takes: its weights, the libraries, and the largest batch."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from neuronclaims.engines.workload import Workload
from neuronclaims.loading.settings import LoadSettings
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
_BLOCK = re.compile(r"(.*?\.\d+)\.")
"""A name in a block, and the name of the block."""
_STATES, _INNER = 8, 3
"""So many states of the residual stream, and inner layers of an MLP, are held at once in a block."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The bytes that a run takes at most: the libraries, the ``weights``, the largest ``batch`` and the ``rows``.

    ``reading`` is the largest file of weights, which is in memory while the model is loaded, and is given back where
    others need it. ``rows`` are measured values, as many as may be held until the claims are judged. ``judging`` is
    what kinds of claim copy of them when the model is gone. ``elsewhere`` are weights that lie on other devices or on
    disk, by a device map, and take none of this. Where ``workers`` measure, each has a model of its own.
    """

    weights: int
    reading: int
    batch: int
    rows: int
    libraries: int = LIBRARIES
    judging: int = 0
    elsewhere: int = 0
    workers: int | None = None

    @property
    def model(self) -> int:
        """What a process takes that runs the model, its libraries and measured values aside."""
        return self.weights + self.reading + self.batch

    @property
    def total(self) -> int:
        """What the process takes at most that runs the claims, and with it the model, unless workers do."""
        return self.libraries + self.rows + max(0 if self.workers else self.model, self.judging)


def weight_bytes(source: Source, dtype: str) -> tuple[int, int]:
    """Return the bytes of a model's weights in a number type, and of its largest file, by the files' headers alone.

    Raises ModelError where files are missing or cannot be read.
    """
    if source.loaded is not None:
        return sum(each.numel() * each.element_size() for each in source.loaded.model.parameters()), 0
    files = _tensors(source, dtype)
    largest = max(sum(there for _, there in tensors.values()) for tensors in files)
    return sum(size for tensors in files for size, _ in tensors.values()), largest


def held_weights(source: Source, load: LoadSettings, dtype: str) -> int:
    """Return the bytes of a model's weights that are in this machine's memory by a device map, all of them without one.

    Of weights that lie elsewhere the largest block is added, which comes into memory when it runs. Raises ModelError
    as ``weight_bytes``.
    """
    whole = weight_bytes(source, dtype)[0]
    if source.loaded is not None or not (load.places or (load.device_map is not None and load.memory)):
        return whole
    sizes = {name: size for tensors in _tensors(source, dtype) for name, (size, _) in tensors.items()}
    if load.places:
        held = sum(size for name, size in sizes.items() if _device_of(name, load.places) == "cpu")
    else:
        devices = dict(load.memory)
        own = devices.pop("cpu", 0)
        held = min(own, max(0, whole - sum(devices.values())))
    blocks: dict[str, int] = {}
    for name, size in sizes.items():
        block = _BLOCK.match(name)
        blocks[block[1] if block else name] = blocks.get(block[1] if block else name, 0) + size
    return min(whole, held + max(blocks.values())) if held < whole else whole


def _tensors(source: Source, dtype: str) -> list[dict[str, tuple[int, int]]]:
    """Return of each file of weights, by tensor, the bytes in a number type and in the file."""
    assert source.model_folder is not None
    floats = BYTES.get(dtype, 4)
    return [
        {
            name: (
                prod(place.shape) * floats if place.dtype in _FLOATS else place.stop - place.start,
                place.stop - place.start,
            )
            for name, place in read_header(path).items()
        }
        for path in weight_files(source.model_folder)
    ]


def _device_of(name: str, places: Sequence[tuple[str, str]]) -> str:
    """Return the device of a tensor by the modules of a map; files may leave out the first part of a module's name."""
    told = sorted(places, key=lambda each: -len(each[0]))
    for tensor in (name, *(f"{module.split('.')[0]}.{name}" for module, _ in places)):
        for module, device in told:
            if not module or f"{tensor}.".startswith(f"{module}."):
                return device
    return "cpu"


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
    if job.heads == "none" or not job.batch:
        return 0.0
    return min(1.0, (128 if job.heads == "all" else job.rows) / job.batch)


def row_bytes(wanted: Mapping[Need, Collection[str]], facts: ModelFacts) -> int:
    """Return the bytes of the values that measurements have, one row for each text."""
    return sum(need.width(facts) * len(texts) * 4 for need, texts in wanted.items())
