"""The number type that a model in a folder is stored in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from neuronclaims.loading.words import DTYPES
from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.identity.folder_files import weight_files
from neuronclaims.models.identity.safetensors_header import read_header

_STORED = {"F32": "float32", "F16": "float16", "BF16": "bfloat16", "F64": "float64"}


def stored_type(config: Mapping[str, Any], folder: Path, spec: str) -> str:
    """Return the number type that a configuration names or, where it names none, that most of the weights have.

    Raises ModelError for one that no model is run in here.
    """
    named = next((config[key] for key in ("dtype", "torch_dtype") if config.get(key) is not None), None)
    found = str(named).removeprefix("torch.") if named not in (None, "auto") else _of_most(folder)
    if found not in DTYPES or found == "auto":
        raise ModelError(
            f"The number type of model {spec!r} is to be its own (dtype: auto), and that is {found[:40]!r}. Say which "
            f"it is to run in: {', '.join(name for name in DTYPES if name != 'auto')}."
        )
    return found


def _of_most(folder: Path) -> str:
    """Return the floating-point type that the most numbers in the weights have."""
    counted: Counter[str] = Counter()
    for path in weight_files(folder):
        for place in read_header(path).values():
            if place.dtype in _STORED:
                counted[_STORED[place.dtype]] += prod(place.shape)
    return counted.most_common(1)[0][0] if counted else "unknown"
