"""What the README shows works as it says."""

import json
import re
from pathlib import Path

import pytest
import yaml
from blocks import blocks_of
from shown import run_command

import neuronclaims

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


SHOWN = {block.language: block.text for block in blocks_of(ROOT / "README.md")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the claim file, after pytest ran on it as the page says."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "pytest.ini").touch()
    (folder / "places.claims.yaml").write_text(SHOWN["yaml"], encoding="utf-8")
    run_command("pytest places.claims.yaml --junitxml=junit.xml --claims-report=reports", folder)
    return folder


def test_the_claim_file_shown_comes_out_as_it_says(folder):
    claims = json.loads((folder / "reports" / "claims.json").read_text(encoding="utf-8"))["claims"]
    assert [claim["verdict"] for claim in claims] == ["supported", "inconclusive"]
    assert all(claim["as_expected"] for claim in claims)
    assert claims[1]["name"] == "places.claims.yaml::demo::tells-hanoi"
    assert 'name="tells-hanoi"' in (folder / "junit.xml").read_text(encoding="utf-8")


def test_the_commands_named_do_what_is_said_of_them(folder):
    status, said = run_command("neuronclaims explain places.claims.yaml::tells-hanoi", folder)
    assert status == 0, said
    assert "What it does not say" in said
    assert run_command("neuronclaims init", folder)[0] == 0
    assert list((folder / "claims").glob("*.claims.yaml"))
    status, said = run_command("pytest -q -k tells -m 'not slow' places.claims.yaml", folder)
    assert status == 0, said
    assert "1 passed" in said


def test_the_call_from_python_is_the_same_claim(folder, monkeypatch):
    monkeypatch.chdir(folder)
    sets = yaml.safe_load(SHOWN["yaml"])["sets"]
    code = SHOWN["python"].replace('"hanoi": [...]', f'"hanoi": {sets["hanoi"]!r}')
    names: dict[str, object] = {"neuronclaims": neuronclaims}
    exec(code.replace('"baseline": [...]', f'"baseline": {sets["baseline"]!r}'), names)
    assert [each.verdict for each in names["found"]] == ["supported"]


def test_it_is_short_enough_to_be_read():
    assert len(README.splitlines()) <= 90


def test_every_file_linked_to_is_there():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    ]
    assert len(links) > 100
    assert not [
        f"{page.name}: {link}"
        for page, link in links
        if not link.startswith("http") and not (page.parent / link).exists()
    ]
