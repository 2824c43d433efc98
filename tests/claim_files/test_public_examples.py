"""Public names of sentences and claim files have an example."""

from __future__ import annotations

import importlib

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


def test_public_names_have_an_example():
    for name, public in WITH_EXAMPLES.items():
        module = importlib.import_module(name)
        assert [each for each in public if ">>> " not in getattr(module, each).__doc__] == []
