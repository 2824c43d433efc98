"""Write files of reports completely or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from neuronclaims.errors import NeuronClaimsError


class ReportError(NeuronClaimsError):
    """A report that could not be written."""


ELSEWHERE = "Choose another folder with --claims-report."
"""What a message advises where a file of the folder of reports cannot be written."""


def write_whole(path: Path, write: Callable[[Path], object], advice: str = ELSEWHERE) -> Path:
    """Yield a file beside ``path`` to write to, then rename it, so that a reader never sees half of it.

    Makes the folder where there is none. Raises ReportError, with ``advice``, where the file cannot be written.
    """
    waiting = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(waiting)
        waiting.replace(path)
    except OSError as error:
        raise ReportError(f"The report {path} could not be written: {error.strerror}. {advice}") from error
    finally:
        with suppress(OSError):
            waiting.unlink()
    return path
