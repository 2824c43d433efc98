"""How a model is loaded, as plain data: what claim files, options and Python may say of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.loading.device_maps import (
    DeviceMap,
    MaxMemory,
    computing_sort,
    read_device_map,
    read_max_memory,
)
from neuronclaims.loading.words import ATTENTIONS, DEVICE, DEVICES, DTYPES

SETTINGS = ("dtype", "device", "attention", "device_map", "max_memory", "offload_folder")
"""All settings, by the names that they have in claim files, in Python and on the command line."""

_SETTINGS = {"dtype": DTYPES, "device": DEVICES, "attention": ATTENTIONS}
_READ: Mapping[str, Callable[[object], Any]] = {"device_map": read_device_map, "max_memory": read_max_memory}
_WHAT = {"dtype": "number type", "device": "device", "attention": "sort of attention"}
_MEANT = {
    "bf16": "bfloat16",
    "fp16": "float16",
    "f16": "float16",
    "16": "float16",
    "half": "float16",
    "fp32": "float32",
    "f32": "float32",
    "32": "float32",
    "float": "float32",
    "gpu": "cuda",
    "flash": "flash_attention_2",
    "flash_attention": "flash_attention_2",
}
"""What some people call a thing that has another name here."""


class LoadingError(NeuronClaimsError, ValueError):
    """Something said of how a model is loaded cannot be meant."""


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """The number type, the devices and the implementation of attention a model runs with; None where nothing is said.

    A model larger than a device has a ``device_map`` in place of a ``device``: a way by which accelerate finds where
    each module goes, or modules with their devices. ``max_memory`` is what may be taken of each device, in bytes, and
    ``offload_folder`` where weights are written that cannot be read from the model's own files. Mappings and sizes with
    units are kept as plain data. Raises LoadingError for a map or sizes that cannot be read.

    >>> LoadSettings(dtype="bfloat16").over(LoadSettings("float16", "cuda")).device
    'cuda'
    >>> LoadSettings(device_map="auto", max_memory={0: "20GiB"}).over(LoadSettings("float16", "cuda")).device
    """

    dtype: str | None = None
    device: str | None = None
    attention: str | None = None
    device_map: DeviceMap | Mapping[str, str | int] | None = None
    max_memory: MaxMemory | Mapping[str | int, str | int] | str | None = None
    offload_folder: str | Path | None = None

    def __post_init__(self) -> None:
        """Keep what is said of devices as plain data, which can be compared and hashed."""
        for name, read in _READ.items():
            given = getattr(self, name)
            if given is not None:
                if (wrong := fault(name, given)) is not None:
                    raise LoadingError(wrong)
                object.__setattr__(self, name, read(given))
        if self.offload_folder is not None:
            object.__setattr__(self, "offload_folder", str(self.offload_folder))

    def over(self, other: LoadSettings) -> LoadSettings:
        """Return these settings, and those of ``other`` where these say nothing.

        Of a device and a device map the one counts that is said here; memory counts with a map alone.
        """
        found = {
            name: getattr(other, name) if getattr(self, name) is None else getattr(self, name)
            for name in SETTINGS
        }
        where = self if (self.device, self.device_map) != (None, None) else other
        found |= {"device": where.device, "device_map": where.device_map}
        if where.device is not None:
            found |= {"max_memory": None, "offload_folder": None}
        return LoadSettings(**found)

    @property
    def clash(self) -> str | None:
        """What of these settings cannot stand together, in one sentence; None where nothing is wrong."""
        if self.device is not None and self.device_map is not None:
            return "device and device_map are both given: either says where a model runs, so leave one of them out."
        return None

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """The device of each module that the device map names; empty where accelerate finds them."""
        return self.device_map if isinstance(self.device_map, tuple) else ()

    @property
    def memory(self) -> tuple[tuple[str, int], ...]:
        """The bytes that may be taken of each device; empty where nothing is said."""
        return self.max_memory if isinstance(self.max_memory, tuple) else ()

    @property
    def computes_on(self) -> str:
        """The sort of device that computes: ``cpu``, ``cuda``, ``mps``, or ``auto`` where that shows on loading."""
        if self.device_map is None:
            return str(self.device).split(":")[0]
        way = self.device_map if isinstance(self.device_map, str) else self.places
        return computing_sort(way, self.memory or None)


UNSAID = LoadSettings()
"""What says nothing."""

DEFAULTS = LoadSettings("float32", "cpu", "sdpa")
"""What holds where nobody says anything."""


@dataclass(frozen=True, slots=True)
class LoadBlock:
    """The ``load:`` block of a claim file: what it says of all its models, and of single ones by their name."""

    all: LoadSettings = UNSAID
    models: Mapping[str, LoadSettings] = field(default_factory=dict)

    def of(self, model: str) -> LoadSettings:
        """Return what the block says of a model.

        >>> block = LoadBlock(LoadSettings("bfloat16"), {"org/x": LoadSettings(attention="eager")})
        >>> block.of("org/x").dtype, block.of("org/x").attention, block.of("demo").attention
        ('bfloat16', 'eager', None)
        """
        return self.models.get(model, UNSAID).over(self.all)


UNSAID_BLOCK = LoadBlock()
"""The block of a claim file without one."""


def allowed(name: str, value: object) -> bool:
    """Say whether a setting may have a value.

    >>> allowed("device", "cuda:1"), allowed("dtype", 16)
    (True, False)
    """
    if name in _READ:
        return not _faulty(_READ[name](value))
    if name == "offload_folder":
        return isinstance(value, (str, Path)) and bool(str(value).strip())
    if not isinstance(value, str):
        return False
    return re.fullmatch(DEVICE, value) is not None if name == "device" else value in _SETTINGS[name]


def meant(name: str, value: object) -> str | None:
    """Return the value of a setting that somebody probably meant, None where no guess is near.

    >>> meant("dtype", "bf16"), meant("attention", "egaer"), meant("device", "gpu")
    ('bfloat16', 'eager', 'cuda')
    """
    if name not in _SETTINGS:
        found = _READ[name](value) if name in _READ else None
        return str(found[1]) if found is not None and _faulty(found) and found[1] is not None else None
    written = str(value).strip().lower().removeprefix("torch.")
    known = _SETTINGS[name]
    if _MEANT.get(written) in known:
        return _MEANT[written]
    if name == "device":
        return None  # short names that are all alike
    return next(iter(get_close_matches(written[:80], known, n=1, cutoff=0.6)), None)


def plain(name: str, value: object) -> Any:
    """Return a setting's value as plain data, which can be compared and hashed, of one that has no ``fault``.

    >>> plain("max_memory", {"cpu": "2GiB"})
    (('cpu', 2147483648),)
    """
    return _READ[name](value) if name in _READ else str(value)


def _faulty(found: object) -> bool:
    """Say whether what was read is a sentence of what is wrong, with what was meant."""
    return isinstance(found, tuple) and bool(found) and isinstance(found[0], str)


def words(name: str) -> tuple[str, ...]:
    """Return all values that a setting may have, ``N`` standing for a number."""
    return _SETTINGS[name]


def what(name: str) -> str:
    """Return what a setting is, in words."""
    return _WHAT[name]


def fault(name: str, value: object) -> str | None:
    """Say in one sentence what is wrong with the value of a setting, None where nothing is.

    >>> fault("dtype", "fp16")
    "dtype must be one of float32, bfloat16, float16, auto, not 'fp16'. Did you mean float16?"
    """
    if allowed(name, value):
        return None
    near = meant(name, value)
    if name in _READ:
        said = _READ[name](value)[0]
        return f"{name} {said}.{f' Did you mean {near}?' if near else ''}"
    if name == "offload_folder":
        return f"offload_folder must be a folder, not {repr(value)[:80]}."
    hint = f" Did you mean {near}?" if near else ""
    return f"{name} must be one of {', '.join(_SETTINGS[name])}, not {repr(value)[:80]}.{hint}"
