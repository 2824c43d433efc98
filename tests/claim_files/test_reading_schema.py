"""The JSON Schema that editors use is current, accepts what is read, and refuses what is not."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from toy_claims import FULL

from neuronclaims.claim_files.editor import editor_schema, options_table, schema_text
from neuronclaims.kinds import kinds, templates
from neuronclaims.sites import OWN_SITES as SITES

KEPT = Path(__file__).parents[2] / "claims.schema.json"
EXAMPLE = yaml.safe_load(FULL)


def test_the_schema_kept_for_editors_is_current():
    assert KEPT.read_text(encoding="utf-8") == schema_text(templates()), (
        "run: neuronclaims schema > claims.schema.json"
    )


def test_the_options_of_all_kinds_are_documented_as_they_are_declared():
    table = options_table({kind.name: kind.template.options for kind in kinds()})
    page = Path(__file__).parents[2] / "docs" / "kinds.md"
    assert table in page.read_text(encoding="utf-8"), "put in what neuronclaims schema --options prints"


def test_the_schema_is_one_and_accepts_a_full_claim_file_as_yaml_types_it():
    jsonschema.Draft202012Validator.check_schema(editor_schema(templates()))
    jsonschema.validate({**EXAMPLE, "seed": 10, "resamples": 1000, "alpha": 0.01}, editor_schema(templates()))


@pytest.mark.parametrize(
    "path", [(), ("generate",), ("claims", 1), ("claims", 1, "xfail"), ("sets", "baseline", 0)]
)
def test_the_schema_refuses_an_unknown_key_anywhere(path):
    spoilt = copy.deepcopy({**EXAMPLE, "alpha": 0.01})
    part = spoilt
    for step in path:
        part = part[step]
    jsonschema.validate(spoilt, editor_schema(templates()))
    part["min_effect"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spoilt, editor_schema(templates()))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("site", "resid"),
        ("tokens", "last"),
        ("version", 2),
        ("correction", "fdr"),
        ("models", []),
        ("alpha", 1),
    ],
)
def test_the_schema_refuses_values_that_the_reader_refuses(key, value):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**EXAMPLE, "alpha": 0.01, key: value}, editor_schema(templates()))


def test_every_key_has_a_description():
    schema = editor_schema(templates())
    parts = [schema, *schema["$defs"].values()]
    assert [
        name for part in parts for name, key in part["properties"].items() if not key.get("description")
    ] == []


def test_sites_and_token_rules_are_those_that_can_be_measured():
    from neuronclaims.measurements import TokenRule
    from neuronclaims.models.architectures import ARCHITECTURES
    from neuronclaims.tokens.grammar import read_tokens
    from neuronclaims.tokens.rule_words import EXAMPLES

    normed = {"attn_out_normed", "mlp_out_normed"}  # only architectures that are derived have these
    assert set(SITES) == {site for each in ARCHITECTURES for site in each.sites} | normed
    assert [str(TokenRule(*read_tokens(rule))) for rule in EXAMPLES] == list(EXAMPLES)


def test_the_editor_takes_the_token_rules_that_are_read_and_no_others():
    from neuronclaims.tokens.forms import TOKENS_SCHEMA
    from neuronclaims.tokens.rule_words import EXAMPLES

    pattern = re.compile(TOKENS_SCHEMA["pattern"])
    assert all(pattern.search(rule) for rule in EXAMPLES)
    wrong = ("last", "median of prompt", "token 0 of prompt", "last of", 'last of "Hanoi', "value at user")
    assert not any(pattern.search(rule) for rule in wrong)
