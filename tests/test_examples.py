"""The examples in the docstrings of the whole package run, and give what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

from cases import for_each

import neuronclaims

LEFT_OUT = ("neuronclaims.plugin", "neuronclaims.__main__")
"""pytest imports its plugins by itself, and the other is a program."""
MODULES = [
    module.name
    for module in pkgutil.walk_packages(neuronclaims.__path__, "neuronclaims.")
    if module.name not in LEFT_OUT and not module.name.endswith("__main__")
]


@for_each("name", MODULES)
def test_the_examples_of_a_module_give_what_they_say(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0
