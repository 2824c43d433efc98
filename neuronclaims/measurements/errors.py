"""What can go wrong between a model's name and its numbers."""

from __future__ import annotations

from neuronclaims.errors import NeuronClaimsError


class RunError(NeuronClaimsError):
    """A measurement could not be made; the text says which and what to do."""


class ModelError(RunError):
    """A model could not be found, is not of a kind that can be measured, or does not load."""


class MissingModelError(ModelError):
    """A model that is not on this machine at all; ``short`` says so, and what to do, in one sentence."""

    def __init__(self, message: str, short: str) -> None:
        super().__init__(message)
        self.short = short


class MeasurementError(RunError):
    """Something was asked of a model that it cannot answer: a site, a layer, a span, a prompt."""


class IntegrityError(RunError):
    """A run's own checks failed: its numbers would have been wrong, so there are none."""


class CacheError(RunError):
    """The run cache cannot be written."""


class RunWarning(UserWarning):
    """Something a run put right by itself, such as a damaged cache file that was measured again."""


def shorten(text: str, width: int = 60) -> str:
    """Return a prompt in quotation marks, on one line and cut to ``width`` characters."""
    line = " ".join(text.split()) if text.strip() else text
    return repr(line if len(line) <= width else line[: width - 1] + "…")


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text that says something, or the name of its type."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)
