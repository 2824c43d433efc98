"""The options of a run and its progress, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from neuronclaims.loading.device_maps import DeviceMap, MaxMemory, size_in_bytes
from neuronclaims.loading.settings import SETTINGS, LoadSettings, fault
from neuronclaims.measurements.errors import MeasurementError

Stage: TypeAlias = Literal["hashing", "importing", "loading", "verifying", "measuring", "cached", "waiting"]
"""What a run does now: "hashing" reads files to know a model by them, "verifying" compares it with the cache."""


STORES = ("float32", "bfloat16", "float16")
"""The number types in which activations may be kept."""
PLAIN = STORES[0]
"""The one that loses nothing."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options by which a model is loaded and its prompts are batched.

    ``dtype`` (``float32``, ``bfloat16``, ``float16``, or ``auto`` for the one its config.json names), ``device``
    (``cpu``, ``cuda``, ``cuda:1``, ``mps`` or ``auto``) and ``attention`` (the name Transformers gives the
    implementation) concern models that are loaded here; a model handed over is used as it is. A model larger than a
    device has a ``device_map`` in place of a ``device`` (``auto``, ``balanced``, ``sequential``, or modules with their
    devices), with ``max_memory`` of each device and an ``offload_folder`` (docs/scale.md). None leaves them to
    the claim file or, where that says nothing, to ``loading.settings.DEFAULTS``. A batch holds at most
    ``batch_prompts`` prompts and ``batch_tokens`` tokens, padding and tokens to be generated included; on a GPU up to
    ``growth`` times as many, as far as its free memory goes, and fewer where memory runs out. ``again``
    measures in another way that is just as right: in another order, with other neighbours and more padding (see
    ``noise``). ``verify`` measures one text of each job again before values of the cache are used, which is always
    done for a model handed over. ``engine`` is what measures: ``local``, this process, or another
    by its name, with workers and an address where it has them, such as ``ray:4`` (docs/scale.md); values do not depend
    on it. ``memory`` is how much of measured values is held (what is more stays on disk and is read from there): bytes,
    or a size such as ``"4GiB"``, None for a quarter of what is free; no value depends on it. ``store``
    is the number type in which activations are kept and judged: float32, or bfloat16 or float16 for half the disk.
    ``patience`` is how many minutes a worker of an engine may be at one batch before it counts as hung; None for far
    more than others needed (docs/scale.md).
    Raises MeasurementError for a word that is not known.

    >>> RunOptions(dtype="bfloat16", device="cuda").batch_tokens
    2048
    """

    dtype: str | None = None
    device: str | None = None
    attention: str | None = None
    batch_tokens: int = 2048
    batch_prompts: int = 64
    growth: int = 16
    again: bool = False
    verify: bool = False
    engine: str = "local"
    memory: int | str | None = None
    store: str = "float32"
    patience: float | str | None = None
    device_map: DeviceMap | Mapping[str, str | int] | None = None
    max_memory: MaxMemory | Mapping[str | int, str | int] | str | None = None
    offload_folder: str | Path | None = None

    def __post_init__(self) -> None:
        for setting in SETTINGS:
            given = getattr(self, setting)
            wrong = fault(setting, given) if given is not None else None
            if wrong is not None:
                raise MeasurementError(wrong)
        if (clash := self.load.clash) is not None:
            raise MeasurementError(clash)
        for name in ("device_map", "max_memory", "offload_folder"):  # as plain data, which can be compared
            object.__setattr__(self, name, getattr(self.load, name))
        if self.store not in STORES:
            raise MeasurementError(f"store must be one of {', '.join(STORES)}, not {self.store!r:.80}.")
        if self.memory is not None:
            if (size := size_in_bytes(self.memory)) is None:
                raise MeasurementError(f"memory must be a size such as 4GiB, not {self.memory!r:.80}.")
            object.__setattr__(self, "memory", size)
        if self.patience is not None:
            minutes = _number(self.patience)
            if not 0 < minutes < float("inf"):
                raise MeasurementError(f"patience must be a number of minutes, not {self.patience!r:.80}.")
            object.__setattr__(self, "patience", minutes)
        for name in ("batch_tokens", "batch_prompts", "growth"):
            if getattr(self, name) < 1:
                raise MeasurementError(f"{name} must be at least 1, not {getattr(self, name)}.")

    @property
    def load(self) -> LoadSettings:
        """What these options say of how a model is loaded."""
        return LoadSettings(**{name: getattr(self, name) for name in SETTINGS})

    @classmethod
    def of(cls, load: LoadSettings, **more: Any) -> RunOptions:
        """Return options that load models in a way, with ``more`` of the options.

        >>> RunOptions.of(LoadSettings(dtype="bfloat16"), verify=True).dtype
        'bfloat16'
        """
        return cls(**{name: getattr(load, name) for name in SETTINGS}, **more)


def _number(said: float | str) -> float:
    try:
        return float(said)
    except ValueError:
        return float("nan")


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a run of one model: ``done`` of ``total`` prompts (or models, while loading).

    ``waiting`` is told where another process measures this model on the same cache, ``hashing`` where its files are
    read to know the model by them. ``workers`` is how many measure it, where an engine has workers.
    """

    stage: Stage
    done: int
    total: int
    model: str
    workers: int = 0
