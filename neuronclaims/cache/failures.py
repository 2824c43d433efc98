"""What could not be measured, remembered, so that a model is not loaded again only to fail in the same way.

A failure is kept beside the values it stands in for, under the same context: other weights, another tokenizer or other
libraries are another context. What the machine caused, such as too little memory, is not remembered, nor what another
version of this package failed at.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from neuronclaims.cache import layout
from neuronclaims.cache.whole import write_whole
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_files import read_json_object
from neuronclaims.measurements.errors import MeasurementError, ModelError

AGAIN = (
    "(So it was in an earlier run, which is remembered; 'neuronclaims cache clear' lets it be tried again.)"
)
_MODEL = "the model itself"
_OF_THE_RUN = (MemoryError, ImportError, OSError, RecursionError, Warning)
"""Errors that another run may not meet: a warning is one only where the run asks for it (``-W error``)."""
_OF_THE_MACHINE = ("memory", "install", "cuda", "device", "space left", "permission")
"""Words of errors that the same model may not meet again: of the machine, or of a package that is missing."""


@dataclass(frozen=True, slots=True)
class Failures:
    """The failures remembered in the folder of one context, each in a file named by what failed."""

    folder: Path

    def of(self, need: str, rows: Sequence[str]) -> MeasurementError | None:
        """Return why a need could not be answered for some rows together, None where nothing is remembered."""
        said = self._read(_name(need, rows))
        return MeasurementError(said) if said is not None else None

    def of_model(self) -> ModelError | None:
        """Return why the model could not be loaded, None where nothing is remembered."""
        said = self._read(_name(_MODEL, ()))
        return ModelError(said) if said is not None else None

    def keep(self, need: str, rows: Sequence[str], error: MeasurementError) -> None:
        """Remember why a need could not be answered for some rows, if it will be so again."""
        self._write(_name(need, rows), error)

    def keep_model(self, error: ModelError) -> None:
        """Remember why the model could not be loaded, if it will be so again."""
        self._write(_name(_MODEL, ()), error)

    def _read(self, name: str) -> str | None:
        with suppress(OSError, NeuronClaimsError):
            if layout.is_file(self.folder / name):
                note = read_json_object(self.folder / name, layout.LARGEST_NOTE)
                said = note.get("error") if note.get("by") == _by() else None
                return f"{said} {AGAIN}" if isinstance(said, str) else None
        return None

    def _write(self, name: str, error: Exception) -> None:
        # Only a convenience: where it cannot be written, the next run fails by itself.
        if lasting(error):
            with suppress(OSError):
                write_whole(self.folder / name, json.dumps({"by": _by(), "error": str(error)}).encode())


def lasting(error: BaseException | None) -> bool:
    """Say whether an error will come again with the same model, text and libraries.

    >>> lasting(MeasurementError("'dog cat' is no single token of demo."))
    True
    >>> lasting(MeasurementError("demo failed on a batch: out of memory"))
    False
    """
    while error is not None:
        if isinstance(error, _OF_THE_RUN):
            return False
        if any(word in str(error).lower() for word in _OF_THE_MACHINE):
            return False
        error = error.__cause__
    return True


def _by() -> str:
    """Return who failed: another version of this package may have been mended."""
    return f"neuronclaims {version('neuronclaims')}"


def _name(need: str, rows: Sequence[str]) -> str:
    content = "\n".join([need, *sorted(set(rows))])
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32] + layout.FAILED_SUFFIX
