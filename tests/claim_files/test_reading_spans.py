"""Columns and quoted texts by which tokens are read: what prompts keep of their rows, and what is refused where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cases import for_each

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompts.columns import of_side
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.prompts import PromptInput

HEAD = "version: 1\nmodels: [demo]\nsite: mlp_post\n"
POOLED = "tokens: last of prompt\n"
ROWS = {"hanoi": ("Hanoi is old", "We saw Hanoi"), "rome": ("Rome is old", "We saw Rome")}
CONTRAST = "neuron 2:340 activates more for hanoi than rome"


def read(folder: Path, body: str):
    path = folder / "x.claims.yaml"
    path.write_text(HEAD + body, encoding="utf-8")
    return read_claim_file(path, templates())


def problems(folder: Path, body: str) -> list[tuple[int, str, str | None]]:
    with pytest.raises(ClaimFileError) as caught:
        read(folder, body)
    return [(problem.place.line, problem.message, problem.suggestion) for problem in caught.value.problems]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    lines = ["text,subject,unread,label"]
    lines += [f"{text},{name.title()},x,{name}" for name, texts in ROWS.items() for text in texts]
    (tmp_path / "p.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    given = [
        {"text": text, "subject": [text.index(name.title()), text.index(name.title()) + 4], "label": name}
        for name, texts in ROWS.items()
        for text in texts
    ]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(each) + "\n" for each in given), encoding="utf-8")
    return tmp_path


def sets(name: str) -> str:
    column = ", column: text"
    return "sets:\n" + "".join(
        f"  {each}: {{file: {name}{column}, where: {{label: {each}}}}}\n" for each in ROWS
    )


def test_prompts_keep_the_columns_that_claims_read_and_no_others(rows: Path) -> None:
    claims = f"claims:\n  - {{claim: {CONTRAST}, tokens: last of subject}}\n"
    file = read(rows, sets("p.csv") + claims)
    prompt = file.sets["hanoi"].prompts[0]
    assert prompt.columns == (("subject", "Hanoi"),)
    assert prompt.text == "Hanoi is old" == prompt.item(())
    assert PromptInput.of(prompt.item(["subject"])).spans == (("subject", "Hanoi"),)
    plain = read(rows, sets("p.csv") + claims.replace("last of subject", "last of prompt"))
    assert plain.sets["hanoi"].prompts[0].columns == ()
    assert plain.digest != file.digest
    offsets = read(rows, sets("p.jsonl") + claims)
    assert offsets.sets["rome"].prompts[1].columns == (("subject", "[7, 11]"),)


def test_spans_may_be_written_beside_a_prompt(tmp_path: Path) -> None:
    body = "tokens: first after subject\nsets:\n"
    for name, texts in ROWS.items():
        listed = ", ".join(f"{{text: {text} today, spans: {{subject: {name.title()}}}}}" for text in texts)
        body += f"  {name}: [{listed}]\n"
    file = read(tmp_path, f"{body}claims: [{CONTRAST}]\n")
    assert file.sets["rome"].prompts[1].columns == (("subject", "Rome"),)


def test_the_texts_of_a_pair_may_have_columns_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text(
        "clean,corrupted,subject,clean_thing,corrupted_thing\n"
        "Ann ate an apple,Ann ate a pear,Ann,an apple,a pear\n"
        "Bob saw an owl,Bob saw a dog,Bob,an owl,a dog\n",
        encoding="utf-8",
    )
    sentence = 'restoring neuron 2:340 recovers at least 30% of " an" over " a" in fruit'
    file = read(
        tmp_path,
        f"{POOLED}pairs: {{fruit: {{file: pairs.csv}}}}\nclaims:\n  - {{claim: '{sentence}', at: last of thing}}\n"
        f"  - {{claim: '{sentence}', id: two, at: subject}}\n",
    )
    clean, corrupted = file.pairs["fruit"].pairs[0].prompts
    assert clean.columns == (("subject", "Ann"), ("thing", "an apple"))
    assert corrupted.columns == (("subject", "Ann"), ("thing", "a pear"))
    assert of_side((("subject", "Ann"),), "clean") == (("subject", "Ann"),)


@for_each(
    "rule, said, near",
    [
        ("last of subjct", "the prompts of 'hanoi' have no column 'subjct'", "subject"),
        ('last of "Hanoi"', "The prompt 'Rome is old' does not hold \"Hanoi\". It stands in ", None),
        (
            "last of label",
            "The prompt 'Hanoi is old' does not hold \"hanoi\", which stands in its column",
            None,
        ),
        ('mean of "o"', 'holds "o" 2 times: Han[o]i is old, Hanoi is [o]ld.', None),
    ],
)
def test_what_a_prompt_does_not_hold_is_said_before_any_model_runs(
    rows: Path, rule: str, said: str, near: str | None
) -> None:
    body = f"{sets('p.csv')}claims:\n  - claim: {CONTRAST}\n    tokens: '{rule}'\n"
    found = problems(rows, body)
    line = 3 + body.splitlines().index(f"    tokens: '{rule}'") + 1
    assert {place for place, _, _ in found} == {line}
    assert any(said in message and suggestion == near for _, message, suggestion in found), found


def test_a_text_without_its_quotes_is_no_column(tmp_path: Path) -> None:
    sentence = "'ablating neuron 3:17 lowers \" an\" in hanoi'"
    body = f'{POOLED}sets: {{hanoi: [Hanoi is old, We saw Hanoi]}}\nat: "Hanoi"\nclaims: [{sentence}]\n'
    ((line, message, _),) = problems(tmp_path, body)
    assert line == 6
    assert "have no column 'Hanoi'" in message
    assert "a text is written" in message


def test_an_option_of_positions_is_misspelt_as_shown(tmp_path: Path) -> None:
    sentence = "'ablating neuron 3:17 lowers \" an\" in hanoi'"
    body = (
        f"{POOLED}sets: {{hanoi: [Hanoi is old, We saw Hanoi]}}\nat: mean of prompt\nclaims: [{sentence}]\n"
    )
    ((line, message, _),) = problems(tmp_path, body)
    assert (line, "values are changed at tokens" in message) == (6, True)
