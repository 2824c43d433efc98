"""Write a derived architecture as JSON, and read it back: what does not read as one is not used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from neuronclaims.models.structure.architecture import Architecture, Derived, HookPoint, OutputWeights, Part


def to_json(architecture: Architecture) -> str:
    """Return a derived architecture as JSON."""
    return json.dumps(asdict(architecture), indent=1)


def from_json(text: str) -> Architecture:
    """Return the derived architecture that a text is; raise another built-in error for another text.

    >>> sites = {"mlp_post": HookPoint("fc2", "input", 8)}
    >>> own = Architecture("X", "x", "layers", sites, derived=Derived({"hidden": 4}))
    >>> from_json(to_json(own)) == own
    True
    """
    found = json.loads(text)
    derived = found.pop("derived")
    weights = found.pop("weights")
    elsewhere = {
        str(site): {
            int(layer): each if isinstance(each, str) else _point(each) for layer, each in layers.items()
        }
        for site, layers in derived.pop("elsewhere").items()
    }
    sites = {str(site): _point(point) for site, point in found.pop("sites").items()}
    if not all(isinstance(size, int) for size in derived["sizes"].values()):
        raise ValueError("sizes are whole numbers")
    return Architecture(
        **found,
        sites=sites,
        weights=OutputWeights(**weights) if weights is not None else None,
        derived=Derived(**derived, elsewhere=elsewhere),
    )


def _point(found: Mapping[str, Any]) -> HookPoint:
    part = found["part"]
    only_if = found["only_if"]
    return HookPoint(
        **{
            **found,
            "part": Part(**part) if part is not None else None,
            "only_if": tuple(only_if) if only_if is not None else None,
        }
    )
