"""How a model is loaded, as plain data: what claim files, options and Python may say of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

DTYPES = ("float32", "bfloat16", "float16", "auto")
"""The number types a model can compute in; ``auto`` is the one its config.json names."""

ATTENTIONS = ("sdpa", "eager", "flash_attention_2", "flex_attention")
"""Implementations of attention, by the name that Transformers gives them."""

DEVICE = r"cpu|cuda(:\d+)?|mps|auto"
DEVICES = ("cpu", "cuda", "cuda:N", "mps", "auto")

_SETTINGS = {"dtype": DTYPES, "device": DEVICES, "attention": ATTENTIONS}
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


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """The number type, the device and the implementation of attention a model runs with; None where nothing is said.

    >>> LoadSettings(dtype="bfloat16").over(LoadSettings("float16", "cuda"))
    LoadSettings(dtype='bfloat16', device='cuda', attention=None)
    """

    dtype: str | None = None
    device: str | None = None
    attention: str | None = None

    def over(self, other: LoadSettings) -> LoadSettings:
        """Return these settings, and those of ``other`` where these say nothing."""
        return LoadSettings(
            *(
                getattr(other, name) if getattr(self, name) is None else getattr(self, name)
                for name in _SETTINGS
            )
        )


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
        >>> block.of("org/x"), block.of("demo").attention
        (LoadSettings(dtype='bfloat16', device=None, attention='eager'), None)
        """
        return self.models.get(model, UNSAID).over(self.all)


UNSAID_BLOCK = LoadBlock()
"""The block of a claim file without one."""


def allowed(name: str, value: object) -> bool:
    """Say whether a setting may have a value.

    >>> allowed("device", "cuda:1"), allowed("dtype", 16)
    (True, False)
    """
    if not isinstance(value, str):
        return False
    return re.fullmatch(DEVICE, value) is not None if name == "device" else value in _SETTINGS[name]


def meant(name: str, value: object) -> str | None:
    """Return the value of a setting that somebody probably meant, None where no guess is near.

    >>> meant("dtype", "bf16"), meant("attention", "egaer"), meant("device", "gpu")
    ('bfloat16', 'eager', 'cuda')
    """
    written = str(value).strip().lower().removeprefix("torch.")
    known = _SETTINGS[name]
    if _MEANT.get(written) in known:
        return _MEANT[written]
    if name == "device":
        return None  # short names that are all alike
    return next(iter(get_close_matches(written[:80], known, n=1, cutoff=0.6)), None)


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
    hint = f" Did you mean {near}?" if near else ""
    return f"{name} must be one of {', '.join(_SETTINGS[name])}, not {repr(value)[:80]}.{hint}"
