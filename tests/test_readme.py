"""What the README shows works as it says."""

import re
from pathlib import Path

from neuronclaims import judge

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_claim_file_shown_comes_out_as_it_says(tmp_path):
    block = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert block is not None
    path = tmp_path / "places.claims.yaml"
    path.write_text(block[1], encoding="utf-8")
    results = judge(path, cache=None)
    assert [result.verdict for result in results] == ["supported", "inconclusive"]
    assert all(result.as_expected for result in results)


def test_every_file_linked_to_is_there():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert not [link for link in links if not (Path(__file__).parent.parent / link).exists()]
