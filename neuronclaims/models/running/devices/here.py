"""The devices that this machine has."""

from __future__ import annotations

import torch

from neuronclaims.measurements.errors import ModelError


def check_device(name: str, spec: str, said: str = "device") -> str:
    """Return the device of that name; raise ModelError where this machine has none of its sort, or not so many.

    ``said`` is the setting that names it.
    """
    sort, _, number = name.partition(":")
    here = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if here[device])
    if int(number or 0) < here[sort]:
        return name
    found = f"has {here[sort]} of them" if here[sort] else "has none, or this torch does not see it"
    otherwise = (
        "Take --claims-device=auto or cpu (in Python: options=RunOptions(device='auto')), or say 'device' in the claim "
        "file's 'load'."
        if said == "device"
        else f"Name others in '{said}', or take 'device_map: auto'."
    )
    raise ModelError(f"Model {spec!r} is to run on {name}, but this machine {found}. {otherwise}")
