"""A field type and a site that another package brings are read like ours."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from neuronclaims.sentences.ambiguity import check_templates
from neuronclaims.sentences.field_types import Label, MisreadError, Pattern, Word, literal
from neuronclaims.sentences.misread.misses import SentenceError
from neuronclaims.sentences.parser import parse
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import Template
from neuronclaims.sentences.wording.compiled import TemplateError


@dataclass(frozen=True)
class Dose:
    amount: int
    unit: str

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"


@dataclass(frozen=True)
class DoseField:
    """A dose of two words, such as ``3 mg``."""

    expected: tuple[str, ...] = ("a dose such as '3 mg'",)
    shape: str = "DOSE"
    candidates: tuple[str, ...] = ()

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        return ((Label(("3",), str.isdigit), *literal("mg")),)

    def read(self, words: Sequence[Word]) -> tuple[Dose, int]:
        if not words[0].text.isdigit():
            raise MisreadError
        if len(words) < 2 or words[1].text != "mg":
            raise MisreadError("a dose is in mg", "mg", ahead=1)
        return Dose(int(words[0].text), "mg"), 2

    def write(self, value: Dose) -> str:
        return str(value)


@dataclass(frozen=True)
class Dosed:
    neuron: Neuron
    dose: Dose
    where: str


DOSED = Template(
    "{dose:dose} of neuron {neuron:neuron} help in {where:set}", Dosed, field_types={"dose": DoseField()}
)


def test_a_template_reads_and_writes_its_own_type_of_field():
    check_templates({"dosed": DOSED})
    parsed = parse("3  mg of neuron 1:2 help in hanoi", [DOSED])
    assert parsed.value == Dosed(Neuron(1, 2), Dose(3, "mg"), "hanoi")
    assert parsed.text == "3 mg of neuron 1:2 help in hanoi"
    assert parsed.spans["dose"] == (0, 5)
    assert DOSED.shape == "DOSE of neuron LAYER:INDEX help in SET"


@pytest.mark.parametrize(
    ("sentence", "column", "message"),
    [
        ("some of neuron 1:2 help in hanoi", 1, "expected a dose such as '3 mg', found 'some'"),
        ("3 kg of neuron 1:2 help in hanoi", 3, "a dose is in mg"),
    ],
)
def test_its_errors_have_their_place(sentence, column, message):
    with pytest.raises(SentenceError) as caught:
        parse(sentence, [DOSED])
    assert (caught.value.column, caught.value.message) == (column, message)


def test_it_is_told_apart_from_other_templates():
    other = Template("{count:count} mg of neuron {neuron:neuron} help in {where:set}", Counted)
    with pytest.raises(TemplateError, match="both as dosed"):
        check_templates({"dosed": DOSED, "counted": other})


@dataclass(frozen=True)
class Counted:
    count: int
    neuron: Neuron
    where: str


@pytest.mark.parametrize("name", ["set", "choice"])
def test_it_cannot_take_the_name_of_ours(name):
    with pytest.raises(TemplateError, match="is a type of field already"):
        Template("{count:count} of {neuron:neuron} in {where:set}", Counted, field_types={name: DoseField()})


def test_a_site_of_another_package_is_read_in_sentences_and_files(tmp_path):
    info = tmp_path / "site" / "other-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[neuronclaims.sites]\nattn_pattern = other:SITE\n")
    head = "version: 1\nmodels: [demo]\ntokens: last of prompt\nsets: {a: [A is], b: [B is]}\n"
    claims = "claims:\n  - attn_pattern neuron 1:2 activates more for a than b\n"
    other = "  - {claim: neuron 1:3 activates more for a than b, site: attn_pattern}\n"
    (tmp_path / "x.claims.yaml").write_text(head + claims + other)
    script = (
        "from pathlib import Path\n"
        "from neuronclaims.claim_files.reader import read_claim_file\n"
        "from neuronclaims.kinds import templates\n"
        "file = read_claim_file(Path('x.claims.yaml'), templates())\n"
        "print([claim.settings.site for claim in file.claims])\n"
    )
    path = os.pathsep.join([str(tmp_path / "site"), *filter(None, sys.path)])
    found = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == "['attn_pattern', 'attn_pattern']\n", found.stderr
