"""Devices of other machines: how fast they compute and read their memory, by name or as a user says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.sentences.messages import quoted

_UNITS = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "": 1.0}
_PART = re.compile(
    r"\s*(?P<number>\d+(\.\d*)?([eE][+]?\d{1,2})?)\s*(?P<unit>[kMGTP]?)(?P<what>FLOPS|FLOP/s|B/s|B)\s*",
    re.ASCII,
)
_WHAT = {"FLOPS": "speed", "FLOP/s": "speed", "B": "memory", "B/s": "reading"}
_EXAMPLE = '"400 TFLOPS, 80 GB, 2 TB/s"'


@dataclass(frozen=True, slots=True)
class Device:
    """A device as its maker describes it, or its user.

    ``speed`` are dense operations in a second on numbers of 16 bits, ``single`` those on numbers of 32 bits, ``memory``
    its bytes, and ``reading`` the bytes that it reads of them in a second; None where that is not said.
    """

    name: str
    speed: float
    memory: float
    reading: float | None = None
    single: float | None = None

    def flops(self, dtype: str) -> float:
        """Return its operations in a second on a number type."""
        return self.single if dtype == "float32" and self.single is not None else self.speed


DEVICES = {
    device.name: device
    for device in (
        Device("h100", 989e12, 80e9, 3.35e12, 67e12),
        Device("h200", 989e12, 141e9, 4.8e12, 67e12),
        Device("a100", 312e12, 80e9, 2.04e12, 19.5e12),
        Device("a100-40gb", 312e12, 40e9, 1.56e12, 19.5e12),
    )
}
"""Devices by name: the SXM versions, by the maker's data sheets, without sparsity."""


def read_device(text: str) -> Device:
    """Return the device that a text names or describes; raise NeuronClaimsError for another text.

    >>> read_device("H100").memory
    80000000000.0
    >>> read_device("400 TFLOPS, 80 GB, 2 TB/s")
    Device(name='400 TFLOPS, 80 GB, 2 TB/s', speed=400000000000000.0, memory=80000000000.0, reading=2000000000000.0, \
single=None)
    """
    name = text.strip().lower()
    if name in DEVICES:
        return DEVICES[name]
    found: dict[str, float] = {}
    for part in text.split(","):
        match = _PART.fullmatch(part)
        what = _WHAT[match["what"]] if match is not None else ""
        if match is None or what in found:
            raise NeuronClaimsError(_wrong(text, name))
        found[what] = float(match["number"]) * _UNITS[match["unit"]]
        if not 1 <= found[what] <= 1e21:
            raise NeuronClaimsError(f"{quoted(text)} is no device: {quoted(part.strip())} cannot be right.")
    if not {"speed", "memory"} <= found.keys():
        raise NeuronClaimsError(_wrong(text, name))
    return Device(", ".join(part.strip() for part in text.split(",")), **found)


def _wrong(text: str, name: str) -> str:
    near = get_close_matches(name, DEVICES, 1)
    meant = f" Is {near[0]} meant?" if near else ""
    return (
        f"{quoted(text)} is no device that is known.{meant} Name one of {', '.join(DEVICES)}, or say how fast it "
        f"computes, how much memory it has and how fast it reads that: {_EXAMPLE}."
    )
