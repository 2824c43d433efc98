"""The options of a run and its progress, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from neuronclaims.measurements.errors import MeasurementError

DTYPES = ("float32", "bfloat16", "float16")
ATTENTIONS = ("sdpa", "eager", "flash_attention_2", "flex_attention")


Stage: TypeAlias = Literal["hashing", "importing", "loading", "verifying", "measuring", "cached", "waiting"]
"""What a run does now: "hashing" reads files to know a model by them, "verifying" compares it with the cache."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options by which a model is loaded and its prompts are batched.

    ``dtype``, ``device`` (``cpu``, ``cuda``, ``cuda:1``, ``mps`` or ``auto``) and ``attention`` (the name
    Transformers gives the implementation) concern models that are loaded here; a model handed over is used as
    it is. A batch holds at most ``batch_prompts`` prompts and ``batch_tokens`` tokens, padding and tokens to
    be generated included. ``again`` measures in another way that is just as right: in another order, with other
    neighbours and more padding (see ``noise``). ``verify`` measures one text of each job again before values of the
    cache are used, which is always done for a model handed over. Raises MeasurementError for a word that is not known.

    >>> RunOptions(dtype="bfloat16", device="cuda").batch_tokens
    2048
    """

    dtype: str = "float32"
    device: str = "cpu"
    attention: str = "sdpa"
    batch_tokens: int = 2048
    batch_prompts: int = 64
    again: bool = False
    verify: bool = False

    def __post_init__(self) -> None:
        _one_of("dtype", self.dtype, DTYPES)
        _one_of("attention", self.attention, ATTENTIONS)
        for name, value in (("batch_tokens", self.batch_tokens), ("batch_prompts", self.batch_prompts)):
            if value < 1:
                raise MeasurementError(f"{name} must be at least 1, not {value}.")


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a run of one model: ``done`` of ``total`` prompts (or models, while loading).

    ``waiting`` is told where another process measures this model on the same cache, ``hashing`` where its files are
    read to know the model by them.
    """

    stage: Stage
    done: int
    total: int
    model: str


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise MeasurementError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
