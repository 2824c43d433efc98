"""All modules but those that run models, imported: for tests whose inner sessions run in this process.

Such a session forgets what it imported. Neither NumPy nor YAML's part in C can be imported twice, and of a package of
ours that was there before, a module forgotten and imported again would stand beside the one the package still knows.
"""

from __future__ import annotations

import importlib
import pkgutil

import neuronclaims

RUN_MODELS = ("neuronclaims.models.running", "neuronclaims.engines.local", "neuronclaims.demo")


def import_everything() -> None:
    """Import every module that imports no model library, and what these import when they are used."""
    for name in ("scipy.special", "yaml", "jinja2", "rich.console", "filelock"):
        importlib.import_module(name)
    for module in pkgutil.walk_packages(neuronclaims.__path__, "neuronclaims."):
        if not module.name.startswith(RUN_MODELS) and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
