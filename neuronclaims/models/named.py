"""Load a function by its name "module:function": measurements name what answers them in this way."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from neuronclaims.measurements.errors import MeasurementError


def loaded(name: str) -> Any:
    """Return the function named; raise MeasurementError where there is none.

    >>> loaded("json:dumps")([1])
    '[1]'
    """
    module, _, function = name.partition(":")
    try:
        return getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise MeasurementError(
            f"A measurement names {name!r} as what answers it, which does not load: {error}."
        ) from None
