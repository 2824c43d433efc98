"""The examples in the docstrings of ``stats`` come out as they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

from cases import for_each

import neuronclaims.stats as package

MODULES = sorted(
    name
    for _, name, is_package in pkgutil.walk_packages(package.__path__, "neuronclaims.stats.")
    if not is_package
)


@for_each("name", MODULES)
def test_the_examples_of_a_module_come_out_as_they_say(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0
