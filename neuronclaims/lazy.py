"""Load the names of a package when they are first used, so that importing the package costs nothing.

A package lists its names once, as imports for type checkers, and says ``__getattr__, __dir__ = attach(__name__)``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

Getter = Callable[[str], object]


def attach(package: str) -> tuple[Getter, Callable[[], list[str]]]:
    """Return the ``__getattr__`` and ``__dir__`` of a package, by the imports under its ``if TYPE_CHECKING:``.

    >>> __getattr__, __dir__ = attach("neuronclaims.stats")
    >>> "auroc" in __dir__()
    True
    """
    homes: dict[str, str] = {}

    def known() -> dict[str, str]:
        if not homes:
            homes.update(_homes(package))
        return homes

    def get(name: str) -> object:
        if name.startswith("__") or name not in known():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(known()[name]), name)

    return get, lambda: sorted(known())


def _homes(package: str) -> dict[str, str]:
    """Return the module of each name that a package imports for type checkers."""
    import ast

    tree = ast.parse(Path(str(sys.modules[package].__file__)).read_text(encoding="utf-8"))
    guarded = [
        node for node in tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
    ]
    return {
        alias.asname or alias.name: str(node.module)
        for branch in guarded
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
