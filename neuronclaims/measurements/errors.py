"""Errors and warnings of finding, loading and measuring a model."""

from __future__ import annotations

from neuronclaims.errors import NeuronClaimsError


class RunError(NeuronClaimsError):
    """A measurement that could not be made; the text says which, and what to do."""


class ModelError(RunError):
    """A model that cannot be found, measured or loaded."""


class MissingModelError(ModelError):
    """A model that is not on this machine; ``short`` says so, and what to do, in one sentence."""

    def __init__(self, message: str, short: str) -> None:
        super().__init__(message)
        self.short = short


class MeasurementError(RunError):
    """A measurement that the model cannot make: of a site, a layer, a span or a prompt that it does not have."""


class IntegrityError(RunError):
    """A failed check during a run: its numbers would have been wrong, so there are none."""


class CacheError(RunError):
    """A run cache that cannot be written."""


class RunWarning(UserWarning):
    """A problem that a run solved by itself, such as a damaged cache file that was measured again."""


def shorten(text: str, width: int = 60) -> str:
    """Return a prompt in quotation marks, on one line and cut to ``width`` characters."""
    line = " ".join(text.split()) if text.strip() else text
    return repr(line if len(line) <= width else line[: width - 1] + "…")


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text that says something, or the name of its type."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)
