"""A session that follows another with nothing changed: what it knows, imports, writes and says."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from inner import session, session_of_a_new_python

TEXTS = {
    "hanoi": [f"{name} lives in Hanoi near the river." for name in ("Ann", "Bo", "Cy", "Di", "Ed", "Fay")],
    "rest": [f"{name} painted the kitchen on Monday." for name in ("Ann", "Bo", "Cy", "Di", "Ed", "Fay ")],
    "few": ["One.", "Two."],
}
CLAIMS = [
    {"id": "more", "claim": "neuron 2:340 activates more for hanoi than rest", "tags": ["place"]},
    {"id": "never", "claim": "neuron 2:341 activates more for few than rest"},
    {"id": "apart", "claim": "neuron 2:341 separates hanoi from rest", "xfail": {"reason": "too few"}},
]
LOADED = """
import sys
import pytest

@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        heavy = ("numpy", "scipy", "yaml", "torch", "tokenizers", "neuronclaims.kinds", "neuronclaims.judging.findings")
        print("LOADED", *(name for name in heavy if name in sys.modules), ".")
"""
USUAL = ("--claims-report=out", "--claims-cache=cache", "-v")


def write(folder: Path, claims: list[dict[str, object]] = CLAIMS) -> None:
    lines = ["version: 1", "models: [demo]", "site: mlp_post", "tokens: last of prompt"]
    lines += [f"sets: {json.dumps(TEXTS)}", f"claims: {json.dumps(claims)}", ""]
    (folder / "x.claims.yaml").write_text("\n".join(lines))


def report(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "out" / "claims.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A project and what its first session said."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "conftest.py").write_text(LOADED)
    (folder / "pytest.ini").write_text("[pytest]\n")
    write(folder)
    said = session(folder, *USUAL).stdout
    past = folder / "out" / "history.jsonl"  # sessions are told apart by their second, and these are quick
    past.write_text(re.sub(r'"made":"\d{4}', '"made":"2020', past.read_text()))
    return folder, said


def test_the_second_session_says_and_writes_the_same_and_imports_next_to_nothing(made) -> None:
    folder, first = made
    cold, page = report(folder), (folder / "out" / "index.html").read_text(encoding="utf-8")
    assert "judged before" not in first
    assert "cannot be supported: with 2 prompts and 6 prompts" in first
    done = session(folder, *USUAL)
    assert "3 judged before (--claims-fresh judges anew)" in done.stdout
    assert "cannot be supported: with 2 prompts and 6 prompts" in done.stdout
    for word in ("SUPPORTED", "INCONCLUSIVE", "REFUTED"):
        assert done.stdout.count(word) == first.count(word)
    warm = report(folder)
    assert (warm["summary"]["judged_before"], cold["summary"]["judged_before"]) == (3, 0)
    assert warm["claims"] == cold["claims"]
    assert warm["made"] >= cold["made"]
    later = (folder / "out" / "index.html").read_text(encoding="utf-8")
    assert "The last 2 sessions" in later
    assert "<!--when-->" not in later + page
    assert "<!--past-->" not in later + page
    assert len((folder / "out" / "history.jsonl").read_text().splitlines()) == 2
    # Once more: the page that was drawn is the same but for the sessions before it, and its date.
    done = session_of_a_new_python(folder, *USUAL)
    assert "LOADED ." in done.stdout, done.stdout
    third = (folder / "out" / "index.html").read_text(encoding="utf-8")
    assert "The last 3 sessions" in third

    def rest(text: str) -> str:
        text = re.sub(r'<section aria-labelledby="past">.*?</section>', "", text, flags=re.DOTALL)
        return re.sub(r"\d+ \w+ 20\d\d, \d\d:\d\d UTC", "", text)

    assert rest(third) == rest(later)


def test_some_claims_of_a_known_file_and_those_of_one_that_changed(made) -> None:
    folder, _ = made
    done = session(folder, *USUAL, "-k", "never")
    assert "1 judged before" in done.stdout
    assert done.stdout.count("cannot be supported") == 1
    assert "1 judged before" in session(folder, *USUAL, "-m", "place").stdout
    assert "judged before" not in session(folder, *USUAL, "--claims-fresh").stdout
    done = session(folder, "--collect-only", "-q", "--claims-cache=cache")
    assert "x.claims.yaml::demo::never" in done.stdout
    write(folder, [*CLAIMS[:2], {**CLAIMS[2], "claim": "neuron 2:342 separates hanoi from rest"}])
    assert "judged before" not in session(folder, *USUAL).stdout
    assert "3 judged before" in session(folder, *USUAL).stdout
    # Values behind the effects are needed for these, and reports have none.
    done = session(folder, *USUAL, "--claims-save=base")
    assert "judged before" not in done.stdout
    done = session(folder, *USUAL, "--claims-compare=base", "-q")
    assert "judged before" not in done.stdout
    assert done.returncode in (0, 1)
    write(folder, [{"id": "wrong", "claim": "neuron 2:342 separates hanoi from nothing"}])
    assert "nothing" in session(folder, *USUAL).stdout
    write(folder)


@pytest.mark.skipif(find_spec("xdist") is None, reason="pytest-xdist is not installed")
def test_workers_know_what_was_judged_before_and_sessions_at_once_do_no_harm(made) -> None:
    folder, _ = made
    write(folder)
    session(folder, *USUAL)
    done = session(folder, *USUAL, "-p", "xdist.plugin", "-n2")
    assert "3 judged before" in done.stdout
    assert report(folder)["summary"]["judged_before"] == 3
    for path in (folder / "cache" / "verdicts").iterdir():
        path.unlink()
    done = session(folder, *USUAL, "-p", "xdist.plugin", "-n2")  # both judge the file, and keep the same
    assert "judged before" not in done.stdout
    assert "3 judged before" in session(folder, *USUAL).stdout
    assert not list((folder / "cache" / "verdicts").glob("*.tmp"))
