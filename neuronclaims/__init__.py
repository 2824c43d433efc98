"""Findings about neurons in language models, written as one sentence and tested by pytest.

Public names load when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuronclaims.errors import NeuronClaimsError
    from neuronclaims.models.options import RunOptions
    from neuronclaims.models.sources import LoadedModel
    from neuronclaims.provenance import fingerprint
    from neuronclaims.results import Result
    from neuronclaims.study import Study, judge

__version__ = "0.1.0"

_HOME = {
    "LoadedModel": "models.sources",
    "NeuronClaimsError": "errors",
    "Result": "results",
    "RunOptions": "models.options",
    "Study": "study",
    "fingerprint": "provenance",
    "judge": "study",
}

__all__ = [
    "LoadedModel",
    "NeuronClaimsError",
    "Result",
    "RunOptions",
    "Study",
    "__version__",
    "fingerprint",
    "judge",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
