"""The examples in the docstrings of measurements, models, cache and engines run, and public names have one."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

from cases import for_each

from neuronclaims import cache, engines, loading, measurements, models
from neuronclaims.models import bringing

MODULES = [
    module.name
    for package in (loading, measurements, models, bringing, cache, engines)
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    if not module.ispkg
]
WITH_EXAMPLES = {
    "cache.run_cache": ["RunCache"],
    "engines.cost": ["cost_of"],
    "engines.measure": ["measure"],
    "models.architectures": ["architectures"],
    "models.options": ["RunOptions"],
    "loading.settings": ["LoadSettings"],
    "models.bringing.handed": ["LoadedModel", "ModuleModel"],
}


@for_each("name", MODULES)
def test_the_examples_of_a_module_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_public_names_have_an_example() -> None:
    public = [
        getattr(measurements, name)
        for name in measurements.__all__
        if isinstance(getattr(measurements, name), type) and name not in ("Measurement", "Need", "Site")
    ]
    for module, names in WITH_EXAMPLES.items():
        public += [getattr(importlib.import_module(f"neuronclaims.{module}"), name) for name in names]
    assert [each.__name__ for each in public if ">>> " not in str(each.__doc__)] == []
