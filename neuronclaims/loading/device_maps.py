"""Where the parts of a model lie that is larger than one device: device maps and memory, as plain data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeAlias

WAYS = ("auto", "balanced", "sequential")
"""Ways by which accelerate itself finds where each module goes."""

DeviceMap: TypeAlias = str | tuple[tuple[str, str], ...]
"""A way of ``WAYS``, or the device of each module that is named, in the order given."""

MaxMemory: TypeAlias = tuple[tuple[str, int], ...]
"""Bytes that may be taken of each device."""

Faulty: TypeAlias = tuple[str, str | None]
"""What is wrong, as the end of a sentence, and what was meant, if that is known."""

_UNITS = {"B": 1} | {
    f"{letter}{binary}B": (1024 if binary else 1000) ** power
    for power, letter in enumerate("KMGT", 1)
    for binary in ("i", "")
}
_LEAST = 2**20
"""A plain number is one of bytes; fewer than these are meant to be of some unit."""

_PLACES = "a number (0 is the first GPU), cuda:N, mps, cpu or disk"
_MAP = (
    f"{', '.join(WAYS)}, or modules with their devices, such as {{model.embed_tokens: 0, model.layers: cpu}}"
)
_MEMORY = "devices with sizes, such as {0: 20GiB, cpu: 60GiB}"


def read_device_map(given: object) -> DeviceMap | Faulty:
    """Return a device map as plain data, or what is wrong with it.

    >>> read_device_map({"model.layers.0": 0, "model.layers.1": "disk"})
    (('model.layers.0', 'cuda:0'), ('model.layers.1', 'disk'))
    >>> read_device_map("model.embed_tokens=cpu, lm_head=cuda:1")
    (('model.embed_tokens', 'cpu'), ('lm_head', 'cuda:1'))
    >>> read_device_map("auot")[1]
    'auto'
    """
    if isinstance(given, tuple) or (isinstance(given, str) and given in WAYS):
        return given  # a tuple was read before
    pairs = _pairs(given)
    if not pairs:
        near = get_close_matches(str(given)[:40].lower(), WAYS, n=1)
        return f"must be {_MAP}, not {_shown(given)}", near[0] if near else None
    found = []
    for module, said in pairs:
        device = _device(said, disk=True)
        if device is None:
            return f"has {_shown(said)} for {module!r}: a device is {_PLACES}", _meant_device(said)
        found.append((module, device))
    return tuple(found)


def read_max_memory(given: object) -> MaxMemory | Faulty:
    """Return the bytes of each device, or what is wrong with them.

    >>> read_max_memory({0: "20GiB", "cpu": "1.5 GB"})
    (('cuda:0', 21474836480), ('cpu', 1500000000))
    >>> read_max_memory("0=20")
    ("has '20' for 0, which is no size with a unit", '20GiB')
    """
    if isinstance(given, tuple):
        return given  # read before
    pairs = _pairs(given)
    if not pairs:
        return f"must be {_MEMORY}, not {_shown(given)}", None
    found = []
    for name, said in pairs:
        device = _device(name, disk=False)
        if device is None:
            return f"names {_shown(name)}: a device is {_PLACES.removesuffix(' or disk')}", _meant_device(
                name
            )
        size = size_in_bytes(said)
        if size is None:
            return f"has {_shown(said)} for {name}, which is no size with a unit", _meant_size(said)
        found.append((device, size))
    return tuple(found)


def computing_sort(device_map: DeviceMap, max_memory: MaxMemory | None) -> str:
    """Return the sort of device that computes: ``cpu``, ``cuda``, ``mps``, or ``auto`` where that shows on loading.

    Weights on the CPU or on disk are brought to an accelerator for their block, where there is one: the split alone
    changes no value.

    >>> computing_sort((("model.layers.0", "cuda:0"), ("model.layers.1", "cpu")), None)
    'cuda'
    >>> computing_sort("auto", (("cpu", 10**9),)), computing_sort("auto", None)
    ('cpu', 'auto')
    """
    if isinstance(device_map, str) and max_memory is None:
        return "auto"
    places = (
        [device for device, size in max_memory or () if size]
        if isinstance(device_map, str)
        else [device for _, device in device_map]
    )
    sorts = sorted({place.split(":")[0] for place in places} - {"cpu", "disk"})
    return "+".join(sorts) or "cpu"


def by_accelerate(device: str) -> str | int:
    """Return a device as accelerate names it.

    >>> by_accelerate("cuda:1"), by_accelerate("disk")
    (1, 'disk')
    """
    sort, _, number = device.partition(":")
    return int(number) if sort == "cuda" else device


def _pairs(given: object) -> list[tuple[str, Any]]:
    """Return what stands for what, of a mapping or of a text ``A=B,C=D``; nothing where it is neither."""
    if isinstance(given, Mapping):
        return [(str(key), value) for key, value in given.items()]
    if not isinstance(given, str) or "=" not in given:
        return []
    parts = [part.partition("=") for part in given.split(",")]
    if not all(equals and value.strip() for _, equals, value in parts):
        return []
    return [(name.strip(), value.strip()) for name, _, value in parts]


def _device(said: object, *, disk: bool) -> str | None:
    text = str(said).strip().lower() if isinstance(said, (str, int)) and not isinstance(said, bool) else ""
    if re.fullmatch(r"\d{1,3}", text):
        return f"cuda:{int(text)}"
    if re.fullmatch(r"cuda(:\d{1,3})?", text):
        return text if ":" in text else "cuda:0"
    return text if text in ("cpu", "mps", *(["disk"] if disk else [])) else None


def _meant_device(said: object) -> str | None:
    text = str(said)[:40].strip().lower()
    numbered = re.fullmatch(r"(?:gpu|cuda|device)[ :_-]?(\d{1,3})?", text)
    if numbered:
        return f"cuda:{numbered[1] or 0}"
    near = get_close_matches(text, ("cpu", "mps", "disk", "ram"), n=1)
    return "cpu" if near == ["ram"] else near[0] if near else None


def size_in_bytes(said: object) -> int | None:
    """Return a size in bytes; None for what is none.

    >>> size_in_bytes("1.5GiB"), size_in_bytes("1.5")
    (1610612736, None)
    """
    if isinstance(said, int) and not isinstance(said, bool):
        return said if said >= _LEAST else None
    text = str(said).strip() if isinstance(said, str) else ""
    if re.fullmatch(r"\d{1,18}", text):
        return int(text) if int(text) >= _LEAST else None
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,9})?) ?([KMGTi]*B)", text)
    if found is None or found[2] not in _UNITS:
        return None
    return int(float(found[1]) * _UNITS[found[2]])


def _meant_size(said: object) -> str | None:
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,9})?)\s*([a-z]?)[a-z]*", str(said)[:40].strip().lower())
    letter = (found[2] or "g") if found else ""
    return f"{found[1]}{letter.upper()}iB" if found and letter in "kmgt" else None


def _shown(value: object) -> str:
    return repr(value)[:80]
