"""The findings of our own in the gallery, without their model: no half is in both, and all claims can be planned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from shapes import save_shape

from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.published.reading import read_account
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.discovery.prompt_rows import lines
from neuronclaims.discovery.question import Sought, question_of
from neuronclaims.discovery.split import split
from neuronclaims.kinds import templates
from neuronclaims.planning.model_plans import planned

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "claims" / "published" / "smollm2"
RAN = ROOT / "docs" / "gallery" / "ran"
CHAT = {"messages": "messages"}
SEARCHES = {
    "an": ("prediction", {"documents": "csv"}, {"column": "text"}, {"token": " an"}, "mean of prompt"),
    "language": (
        "contrast",
        {"french": "csv", "english": "csv"},
        {"column": "text", "pair": "meaning"},
        {},
        "mean of prompt",
    ),
    "names": (
        "contrast",
        {"people": "csv", "cities": "csv"},
        {"column": "text", "pair": "frame"},
        {},
        "last of word",
    ),
    "refusal": (
        "contrast",
        {"act": "jsonl", "tell": "jsonl"},
        {**CHAT, "pair": "frame"},
        {},
        "last of prompt",
    ),
    "system": (
        "contrast",
        {"pirate": "jsonl", "helper": "jsonl"},
        {**CHAT, "pair": "question"},
        {},
        "last of prompt",
    ),
}
"""Of each search its kind, its sets with the form of their files, how a row is read, its options and its tokens."""
FILES = {name: FOLDER / f"smollm2-{name}.claims.yaml" for name in SEARCHES}


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_entries_are_those_that_are_tested_here() -> None:
    assert set(FOLDER.glob("*.claims.yaml")) == set(FILES.values())
    assert {path.stem for path in RAN.iterdir()} == {path.name.partition(".")[0] for path in FILES.values()}


@pytest.mark.parametrize("name", SEARCHES)
def test_the_halves_are_those_that_a_search_makes_of_all_prompts(name: str) -> None:
    kind, sets, how, options, tokens = SEARCHES[name]
    given = {key: {"file": FOLDER / "prompts" / f"{key}.{form}", **how} for key, form in sets.items()}
    wanted = Sought(kind, next(iter(sets)), None, 10, options)
    question = question_of(given, wanted, "demo", {"site": "mlp_post", "tokens": tokens}, (FOLDER,))
    halves = split(question.claim, question.names, question.sort.unit)
    folder = FOLDER / f"smollm2-{name}"
    for half, file in ((halves.searched, "discovery.jsonl"), (halves.tested, "test.jsonl")):
        assert "".join(lines(half)) == (folder / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["language", "names", "system"])
def test_sets_that_were_added_have_the_pairs_of_the_half_that_tests(name: str) -> None:
    folder = FOLDER / f"smollm2-{name}"
    tested = {row["pair"] for row in rows(folder / "test.jsonl")}
    added = [path for path in folder.glob("*.jsonl") if path.stem not in ("test", "discovery")]
    assert added
    assert all({row["pair"] for row in rows(path)} == tested for path in added)
    assert not tested & {row["pair"] for row in rows(folder / "discovery.jsonl")}


def test_beginnings_are_the_tested_documents_up_to_their_last_article() -> None:
    folder = FOLDER / "smollm2-an"
    documents = [str(row["text"]) for row in rows(folder / "test.jsonl")]
    assert [row["text"] for row in rows(folder / "beginnings.jsonl")] == [
        text.rpartition(" an ")[0] for text in documents
    ]


@pytest.mark.parametrize("name", FILES)
def test_every_claim_can_be_planned_and_shown_on_the_true_shape(name: str, tmp_path: Path) -> None:
    spec = "HuggingFaceTB/SmolLM2-135M-Instruct"
    shape = save_shape(spec, tmp_path / "shape")
    file = read_claim_file(FILES[name], templates(), PromptFolders(FOLDER))
    plan = planned([file], spec, {spec: shape})
    assert (plan.missing, dict(plan.files[0].errors), dict(plan.files[0].unreachable)) == (None, {}, {})


@pytest.mark.parametrize("name", FILES)
def test_every_entry_tells_what_is_open_where_it_ran_and_what_came_out(name: str) -> None:
    account = read_account(FILES[name])
    assert account is not None
    assert all((account.known, account.unknown, account.doubtful, account.checked))
    assert account.ran is not None
    assert "two CPU cores" in account.ran
    entry = yaml.safe_load(FILES[name].read_text(encoding="utf-8"))
    assert (entry["models"], entry["if_missing"]) == (["HuggingFaceTB/SmolLM2-135M-Instruct"], "skip")
    session = (RAN / f"smollm2-{name}.txt").read_text(encoding="utf-8")
    for claim in entry["claims"]:
        assert claim["id"] in session
        assert claim["because"]
    assert f"{len(entry['claims'])} claims: " in session
    assert "all as expected" in session
