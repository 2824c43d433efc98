"""What became of claims as plain data, and back: it crosses from xdist's workers, and stands in reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neuronclaims.baselines.drift import Drift
from neuronclaims.results import Effect


def drift_from(plain: Mapping[str, Any]) -> Drift:
    """Return the drift that ``dataclasses.asdict`` made plain."""
    change = plain.get("change")
    return Drift(**{**plain, "change": Effect(**change) if change else None})
