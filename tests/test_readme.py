"""What the README shows works as it says."""

import re
from pathlib import Path

from neuronclaims import judge

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_claim_file_shown_comes_out_as_it_says(tmp_path):
    block = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert block is not None
    path = tmp_path / "places.claims.yaml"
    path.write_text(block[1], encoding="utf-8")
    results = judge(path, cache=None)
    assert [result.verdict for result in results] == ["supported", "inconclusive"]
    assert all(result.as_expected for result in results)


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
