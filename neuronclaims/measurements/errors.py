"""Errors and warnings of finding, loading and measuring a model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.prompts import brief

T = TypeVar("T")

MOST_CHARACTERS = 500
"""How much of a foreign reason is told."""


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


class LostError(MeasurementError):
    """A text whose workers ended: that says nothing of the text for certain, so it is never remembered."""


class IntegrityError(RunError):
    """A failed check during a run: its numbers would have been wrong, so there are none."""


class CacheError(RunError):
    """A run cache that cannot be written."""


class RunWarning(UserWarning):
    """A problem that a run solved by itself, such as a damaged cache file that was measured again."""


def shorten(text: str, width: int = 60) -> str:
    """Return a prompt, a text or an item, in quotation marks, on one line and cut to ``width`` characters."""
    text = brief(text, width)
    line = " ".join(text.split()) if text.strip() else text
    return repr(line if len(line) <= width else line[: width - 1] + "…")


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text that says something, or the name of its type."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)


def or_raise(value: T | Exception) -> T:
    """Return a value; if it is an error, raise it."""
    if isinstance(value, Exception):
        raise value
    return value


def kept(error: BaseException) -> Exception:
    """Return an exception as one that can be kept and told later; raise it where it ends the process or a test.

    A panic of a library written in Rust is no Exception, and must not end the session all the same.

    >>> kept(ValueError("no"))
    ValueError('no')
    """
    # Outcomes of pytest are a skip, say, or the end of a time limit. pytest may not be installed.
    outcome = any(kind.__module__ == "_pytest.outcomes" for kind in type(error).__mro__)
    if outcome or isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
        raise error
    if isinstance(error, Exception):
        return error
    return ModelError(f"The model cannot be measured: {_reason(error)}.")


@contextmanager
def told_as(kind: type[RunError], what: str) -> Iterator[None]:
    """Run foreign code: what it raises becomes one error of a ``kind``, "WHAT: the first line of the reason".

    Errors of this package pass, and so does what ends the process or a test.

    >>> with told_as(ModelError, "The model 'x' does not load"):
    ...     raise KeyError("n_layer")
    Traceback (most recent call last):
        ...
    neuronclaims.measurements.errors.ModelError: The model 'x' does not load: KeyError: 'n_layer'.
    """
    try:
        yield
    except NeuronClaimsError:
        raise
    except BaseException as error:
        kept(error)
        raise kind(f"{what}: {_reason(error)}.") from error


def _reason(error: BaseException) -> str:
    """Return an exception's first line, with its type where the line says little by itself."""
    line = first_line(error).rstrip(".")[:MOST_CHARACTERS]
    says_enough = " " in line or line == type(error).__name__
    return line if says_enough else f"{type(error).__name__}: {line}"
