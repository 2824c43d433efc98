"""What only some kinds of claim have: pairs, directions, options and graded answers, as they are read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, get_args

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, create_model, model_validator
from toy_claims import CLAIM, EVERY_TEMPLATE, HEAD, PAIRS, RESTORING, SETS
from toy_claims import FULL_OF_KINDS as FULL

from neuronclaims.claim_files.claims import PromptPair
from neuronclaims.claim_files.editor import editor_schema
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import kinds, templates
from neuronclaims.kinds.interventions.damage import Damage
from neuronclaims.kinds.logit_readout.value_bins import ValueBins
from neuronclaims.sentences.numbers import Amount
from neuronclaims.sentences.options import (
    NamesPromptSet,
    OneOf,
    OptionError,
    Options,
    given_options,
    prompt_sets_of,
)
from neuronclaims.sentences.subjects.layers import Layers
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import Template
from neuronclaims.tokens.spans import ALL_TOKENS

SHA = "0123456789abcdef" * 4


@dataclass(frozen=True, slots=True)
class Weights:
    """A claim that names no prompts."""

    neuron: Neuron
    bound: float


@pytest.fixture
def read_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The same with a template more, which names no prompts."""
    monkeypatch.chdir(tmp_path)
    template = Template("weights of {neuron:neuron} are above {bound:number}", Weights)

    def read(text):
        (tmp_path / "x.claims.yaml").write_text(text, encoding="utf-8")
        return read_claim_file(tmp_path / "x.claims.yaml", (*EVERY_TEMPLATE, template))

    return read


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that reads text as a claim file, with templates of every kind."""
    monkeypatch.chdir(tmp_path)

    def read(text):
        (tmp_path / "x.claims.yaml").write_text(text, encoding="utf-8")
        return read_claim_file(tmp_path / "x.claims.yaml", EVERY_TEMPLATE)

    return read


def test_a_claim_has_the_pairs_and_directions_that_it_names_and_no_others(read):
    file = read(FULL)
    restoring, ablating, _, activity, some = file.claims
    assert [set(claim.pairs) for claim in file.claims] == [{"fruit"}, set(), set(), set(), set()]
    assert [set(claim.directions) for claim in file.claims] == [set(), set(), set(), {"city"}, set()]
    assert restoring.pairs["fruit"].pairs == (PromptPair("an apple", "a pear", "x.claims.yaml:14", "1", "g"),)
    assert set(file.directions) == {"city", "tree"}
    assert set(ablating.sets) == {"hanoi", "spare", "baseline"}
    assert set(activity.sets) == {"hanoi", "baseline"}
    assert some.sentence.who.layers == Layers((3, 4, 5, 6, 7, 8))


def test_a_direction_holds_its_prompts_aligned_where_they_are_pairs(read):
    file = read(FULL)
    city, tree = file.directions["city"], file.directions["tree"]
    assert [(one.text, two.text) for one, two in zip(city.first, city.second, strict=True)] == [
        ("L1", "R1"),
        ("L2", "R2"),
    ]
    assert (city.method, city.names, city.neutral, city.paired) == (
        "pca of paired differences",
        ("left", "right"),
        file.sets["spare"],
        True,
    )
    assert [p.text for p in (*tree.first, *tree.second)] == ["an apple", "a pear"]
    assert tree.paired
    assert not read(FULL.replace("pca of paired differences", "mean difference")).directions["city"].paired


def test_options_are_the_claims_own_or_the_files_and_only_those_its_kind_takes(read):
    file = read(FULL)
    restoring, ablating, plain, activity, some = (claim.settings.options for claim in file.claims)
    assert given_options(restoring) == {}
    assert given_options(ablating) == {
        "replacement": "resample",
        "reference": "spare",
        "damage": Damage(set="baseline", at_most=0.5),
        "bins": ValueBins(start="-1", stop="1", width="0.5"),
        "fewest": 20,
        "centred": False,
    }
    assert (plain.replacement, plain.damage, plain.centred) == ("mean", Damage(set="spare"), True)
    assert (activity.score, activity.margin) == ("raw", Amount(0.5, "sd"))
    assert some.margin == Amount(0.1)
    assert prompt_sets_of(ablating) == ("spare", "baseline")


def test_what_is_not_given_is_the_first_of_its_words_or_nothing():
    for kind in kinds():
        unsaid = kind.template.options()
        assert given_options(unsaid) == {}
        for name, info in type(unsaid).model_fields.items():
            words = [mark for mark in info.metadata if isinstance(mark, OneOf)]
            value = getattr(unsaid, name)
            if name == "at":
                assert value == ALL_TOKENS
                continue
            assert value == get_args(info.annotation)[0] if words else value is (name == "centred" or None)


class DoseOptions(Options):
    """Options that nothing of ours has heard of."""

    dose: int = Field(ge=1, le=9)
    unit: Literal["mg", "g"] = "mg"
    control: Annotated[str, NamesPromptSet()] | None = None

    @model_validator(mode="after")
    def _little(self):
        if self.unit == "g" and self.dose > 1:
            raise ValueError("more than a gram is too much")
        return self


@dataclass(frozen=True)
class Cure:
    neuron: Neuron
    where: str


DOSED = Template("neuron {neuron:neuron} is cured by {where:set}", Cure, DoseOptions)
CURED = "neuron 1:2 is cured by hanoi"


def cured(tmp_path, rest, *, top=""):
    path = tmp_path / "x.claims.yaml"
    path.write_text(f"{HEAD}{top}{SETS}claims:\n{rest}", encoding="utf-8")
    return read_claim_file(path, (*EVERY_TEMPLATE, DOSED))


def test_a_kind_from_elsewhere_brings_options_of_its_own(tmp_path):
    both = f"  - {{claim: {CURED}, dose: 3, id: own}}\n  - {{claim: {CURED}, id: file}}\n"
    first, second = cured(tmp_path, both, top="dose: 2\ncontrol: baseline\n").claims
    assert first.settings.options == DoseOptions(dose=3, control="baseline")
    assert second.settings.options == DoseOptions(dose=2, control="baseline")
    assert set(second.sets) == {"hanoi", "baseline"}


@pytest.mark.parametrize(
    ("rest", "top", "message"),
    [
        (f"  - {CURED}\n", "", "the key 'dose' is missing in a claim"),
        (f"  - {{claim: {CURED}, dose: many}}\n", "", "'dose' must be a whole number, not 'many'"),
        (f"  - {{claim: {CURED}, dose: 10}}\n", "", "'dose' must be at most 9, not '10'"),
        (f"  - {{claim: {CURED}, dose: 2, unit: g}}\n", "", "more than a gram is too much"),
        (f"  - {{claim: {CURED}, dose: 2, control: basline}}\n", "", "there is no prompt set 'basline'"),
        (f"  - {{claim: {CURED}, dose: 2, score: z}}\n", "", "it takes dose, unit and control"),
        (f"  - {{claim: {CURED}, dosis: 2}}\n", "", "did you mean 'dose'?"),
        (f"  - {CLAIM}\n", "dose: 2\n", "'dose' means nothing to any claim of this file"),
        (
            f"  - {{claim: {CLAIM}, dose: 2}}\n",
            "",
            "'dose' means nothing to this kind of claim: it takes margin",
        ),
    ],
)
def test_what_is_wrong_with_such_options_is_said_as_with_ours(tmp_path, rest, top, message):
    with pytest.raises(ClaimFileError, match=re.escape(message)):
        cured(tmp_path, rest, top=top)


def test_the_editors_schema_knows_such_options():
    properties = editor_schema((*templates(), DOSED))["properties"]
    assert (properties["dose"]["minimum"], properties["dose"]["maximum"]) == (1, 9)
    assert properties["margin"] == editor_schema(templates())["properties"]["margin"]


@pytest.mark.parametrize(
    ("name", "message"), [("margin", "declare it differently"), ("seed", "a key of every claim file")]
)
def test_an_option_that_is_something_else_already_is_refused(name, message):
    other = create_model("OtherOptions", __base__=Options, **{name: (int, 1)})
    template = Template("neuron {neuron:neuron} is healed by {where:set}", Cure, other)
    with pytest.raises(OptionError, match=message):
        editor_schema((*templates(), template))


@given(st.integers(-50, 50), st.integers(1, 60), st.integers(1, 40), st.integers(0, 2))
def test_edges_are_the_floats_nearest_to_exact_decimals(start, count, width, places):
    def decimal(number):
        return (
            f"{'-' * (number < 0)}{abs(number) // 10**places}.{abs(number) % 10**places:0{places}d}".rstrip(
                "."
            )
        )

    bins = ValueBins(start=decimal(start), stop=decimal(start + count * width), width=decimal(width))
    assert bins.edges == tuple(float(Fraction(start + i * width, 10**places)) for i in range(count + 1))


def test_a_set_of_answers_carries_the_fingerprint_of_the_model_that_gave_them(read):
    Path("a.csv").write_text(f"text,model\nyes,{SHA}\nno,{SHA}\n", encoding="utf-8")
    Path("b.jsonl").write_text(json.dumps({"text": "maybe", "model": SHA}) + "\n", encoding="utf-8")
    sets = "sets:\n  a: {file: a.csv, column: text, graded_by: {column: model}}\n"
    sets += f"  b: {{file: b.jsonl, graded_by: {SHA}}}\n  c: {{file: b.jsonl}}\n"
    file = read(f"{HEAD}{sets}claims:\n  - neuron 1:2 separates a from b\n")
    assert [file.sets[name].graded_by for name in "abc"] == [SHA, SHA, None]
    assert file.claims[0].graded == {"a": SHA, "b": SHA}


def test_a_claim_rests_on_graded_answers_by_its_sets_options_pairs_and_directions(read):
    Path("a.jsonl").write_text('{"text": "A"}\n', encoding="utf-8")
    Path("p.csv").write_text("clean,corrupted\nC,D\n", encoding="utf-8")
    graded = f"{{file: a.jsonl, graded_by: {SHA}}}"
    file = read(
        FULL.replace("  spare: [Some text]\n", f"  spare: {graded}\n")
        .replace("  fruit: [", f"  answers: {{file: p.csv, graded_by: {SHA}}}\n  fruit: [")
        .replace("from: fruit", "from: answers")
        + "  - tree activity is lower for hanoi than baseline\n"
    )
    restoring, ablating, plain, activity, some, tree = file.claims
    # By "reference", by "damage" besides, by the direction's neutral set, by the pairs a direction was made from.
    assert [set(claim.graded) for claim in (ablating, plain, activity, tree)] == [
        {"spare"},
        {"spare"},
        {"spare"},
        {"answers"},
    ]
    assert restoring.graded == some.graded == {}
    assert file.pairs["answers"].graded_by == SHA


@pytest.mark.parametrize(
    "rest",
    [
        f"{PAIRS}claims:\n  - {RESTORING}\n",
        "claims:\n  - weights of 3:1 are above 5\n",
    ],
)
def test_a_file_has_the_sections_that_its_claims_name_and_needs_no_others(read_weights, rest):
    file = read_weights(HEAD + rest)
    assert file.sets == {}
    assert len(file.claims) == 1
    jsonschema.validate(yaml.safe_load(HEAD + rest), editor_schema(templates()))


def test_discovery_may_name_pairs_that_the_claim_does_not_test(read):
    text = FULL.replace(
        f"  - {RESTORING}\n", f"  - claim: {RESTORING.replace('fruit', 'other')}\n    discovered_on: fruit\n"
    )
    text = text.replace("directions:", "  other: [{clean: an egg, corrupted: a nut}]\ndirections:")
    assert [p.text for p in read(text).claims[0].discovered.prompts] == ["an apple", "a pear"]


@pytest.mark.parametrize(
    "change",
    [
        ("a pear", "a plum"),
        ("group: g", "group: h"),
        ("pca of paired differences", "mean difference"),
        (", neutral: spare", ""),
        ("reference: spare", "reference: baseline"),
        ("at_most: 0.5", "at_most: 0.6"),
        ("width: 0.50", "width: 0.25"),
        ("centred: false", "centred: true"),
        ("margin: 0.5 sd", "margin: 0.5"),
        ("does not activate more", "does not activate less"),
    ],
)
def test_every_change_of_what_kinds_have_changes_the_digest(read, change):
    assert change[0] in FULL
    assert read(FULL).digest != read(FULL.replace(*change)).digest


def test_the_digest_does_not_depend_on_how_a_decimal_or_an_amount_is_spelt(read):
    text = FULL.replace("-1.0", "-1").replace("0.50", "0.5").replace("0.5 sd", "0.50  sd")
    assert read(FULL).digest == read(text).digest


def test_graded_answers_change_the_digest(read):
    Path("b.jsonl").write_text('{"text": "maybe"}\n', encoding="utf-8")
    text = f"{HEAD}sets:\n  a: [x, y]\n  b: {{file: b.jsonl}}\nclaims:\n  - neuron 1:2 separates a from b\n"
    assert read(text).digest != read(text.replace("b.jsonl}", f"b.jsonl, graded_by: {SHA}}}")).digest


def test_the_editors_schema_accepts_it_all_as_yaml_types_it():
    jsonschema.validate(yaml.safe_load(FULL), editor_schema(templates()))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("pairs", "fruit", 0, "corrupted"), None),
        (("directions", "city", "method"), "pca"),
        (("directions", "city", "from"), ["left"]),
        (("claims", 1, "centred"), "yes"),
        (("claims", 1, "bins", "width"), "1e-1"),
        (("claims", 1, "fewest"), 0),
        (("claims", 3, "score"), "t"),
    ],
)
def test_the_editors_schema_refuses_what_the_reader_refuses(path, value):
    spoilt = yaml.safe_load(FULL)
    part = spoilt
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spoilt, editor_schema(templates()))
