"""The examples in the docstrings of sentences, claim files and sites run, and public names have one."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

from cases import for_each

from neuronclaims import claim_files, sentences

MODULES = [
    "neuronclaims.sites",
    *(
        module.name
        for package in (sentences, claim_files)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ),
]
WITH_EXAMPLES = {
    "neuronclaims.claim_files.reader": ["read_claim_file"],
    "neuronclaims.sentences.ambiguity": ["check_templates"],
    "neuronclaims.sentences.choices": ["Choice"],
    "neuronclaims.sentences.field_types": ["OneWord"],
    "neuronclaims.sentences.subjects.layers": ["LayersField"],
    "neuronclaims.sentences.subjects.neurons": ["NeuronsField"],
    "neuronclaims.sentences.numbers": ["AmountField"],
    "neuronclaims.sentences.options": ["Options", "OneOf"],
    "neuronclaims.sentences.parser": ["parse"],
    "neuronclaims.sentences.positions": ["PositionsField"],
    "neuronclaims.sentences.subjects.subject": ["SubjectField"],
    "neuronclaims.sentences.templates": ["Template"],
}


@for_each("name", MODULES)
def test_the_examples_of_a_module_run(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0
    for public in WITH_EXAMPLES.get(name, ()):
        assert ">>> " in getattr(module, public).__doc__, public
