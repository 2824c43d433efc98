"""Public names of measurements, models, cache and engines have an example."""

from __future__ import annotations

import importlib

from neuronclaims import measurements

WITH_EXAMPLES = {
    "cache.run_cache": ["RunCache"],
    "engines.cost": ["cost_of"],
    "engines.measure": ["measure"],
    "models.architectures": ["architectures"],
    "models.options": ["RunOptions"],
    "loading.settings": ["LoadSettings"],
    "models.bringing.handed": ["LoadedModel", "ModuleModel"],
}


def test_public_names_have_an_example() -> None:
    public = [
        getattr(measurements, name)
        for name in measurements.__all__
        if isinstance(getattr(measurements, name), type) and name not in ("Measurement", "Need", "Site")
    ]
    for module, names in WITH_EXAMPLES.items():
        public += [getattr(importlib.import_module(f"neuronclaims.{module}"), name) for name in names]
    assert [each.__name__ for each in public if ">>> " not in str(each.__doc__)] == []
