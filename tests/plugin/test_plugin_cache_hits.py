"""What was read from the run cache, and what a model wrote, told on the page of a session that runs a real model."""

from __future__ import annotations

import html
import json
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

from demo_model.prompts import prompts
from inner import session

TEXTS = tuple(
    sorted({prompt.text.rsplit(" ", 3)[0] for prompt in prompts(topic, "heldout")})[:count]
    for topic, count in (("hanoi", 7), ("baseline", 6))
)
READ = re.compile(r"<dt>run cache</dt>\s*<dd>(.*?)</dd>", re.DOTALL)


def page_after(folder: Path, first: list[str], *arguments: str) -> tuple[str, str]:
    """What the page says of the cache, and claims.json without what is of the session: its time, and what it knew."""
    lines = ["version: 1", "models: [demo]", "site: mlp_post", "tokens: mean of generated"]
    lines += ["generate: {max_new_tokens: 4}", f"sets: {json.dumps({'one': first, 'other': TEXTS[1]})}"]
    lines += ["claims: [{id: any, claim: neuron 2:340 activates more for one than other}]", ""]
    (folder / "x.claims.yaml").write_text("\n".join(lines), encoding="utf-8")
    session(folder, "--claims-report=.", "--claims-cache=cache", *arguments)
    [told] = READ.findall((folder / "index.html").read_text(encoding="utf-8"))
    report = (folder / "claims.json").read_text(encoding="utf-8")
    return html.unescape(re.sub("<[^>]*>", "", told)).strip(), re.sub(
        r'"made": "[^"]*",|,\s*"judged_before": \d+', "", report
    )


def test_the_page_tells_what_was_read_and_what_measured_and_the_json_stays_the_same(tmp_path) -> None:
    told, _ = page_after(tmp_path, TEXTS[0][:6])
    assert told == "none of 12 prompts read from it: measured in this run"
    shutil.copytree(tmp_path / "cache", tmp_path / "kept")
    told, cold = page_after(tmp_path, TEXTS[0])
    assert told == "12 of 13 prompts read from it, 1 measured in this run"
    if find_spec("xdist"):  # a worker tells the same
        shutil.rmtree(tmp_path / "cache")
        (tmp_path / "kept").rename(tmp_path / "cache")
        assert page_after(tmp_path, TEXTS[0], "-p", "xdist.plugin", "-n1") == (told, cold)
    told, warm = page_after(tmp_path, TEXTS[0])
    assert told == "all 13 prompts read from it"
    assert warm == cold
    [figure] = [
        figure
        for figure in json.loads(warm)["claims"][0]["evidence"]["figures"]
        if figure["kind"] == "distributions"
    ]
    names = [name for row in figure["rows"] for name in row["names"]]
    assert sorted(name.split(" ⟶ ")[0] for name in names) == sorted([*TEXTS[0], *TEXTS[1]])
    assert not [name for name in names if not name.split(" ⟶ ")[1] or "(nothing" in name]
