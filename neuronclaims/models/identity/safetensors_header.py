"""Read the headers of the safetensors files of models."""

from __future__ import annotations

from pathlib import Path

from neuronclaims.foreign_files import ForeignFileError, tensors
from neuronclaims.measurements.errors import ModelError


def read_header(path: Path) -> dict[str, tensors.TensorPlace]:
    """Return the tensors of a model's safetensors file by name; raise ModelError where the header cannot be right."""
    try:
        return tensors.read_header(path)
    except ForeignFileError as error:
        raise ModelError(f"{error} Fetch the model again.") from None
