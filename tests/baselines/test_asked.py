"""What an edited claim says was edited, for claims that were read from files."""

from __future__ import annotations

from pathlib import Path

from cases import for_each

from neuronclaims.baselines.asked import MOST, asked_of, edits
from neuronclaims.baselines.content import content_of
from neuronclaims.baselines.rows import SavedClaim
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates

FILE = """version: 1
models: [demo]
site: resid_post
tokens: last of prompt
sets:
  hanoi: [Hanoi is old., Tom flew to Hanoi., He left Hanoi.]
  base: [The fox jumps., We painted., He forgot it.]
  warm: [It is warm., A warm day.]
  cold: [It is cold., A cold day.]
directions: {glad: {from: [warm, cold], method: mean difference}}
claims:
  - {id: contrast, claim: neuron 2:3 does not activate more for hanoi than base, margin: 0.5 sd}
  - {id: direction, claim: direction glad at layer 3 activates more for hanoi than base}
"""


def rows(folder: Path, text: str) -> dict[str, SavedClaim]:
    path = folder / "x.claims.yaml"
    path.write_text(text, encoding="utf-8")
    return {
        claim.id: SavedClaim(content_of(claim), claim.text, "", "", None, asked=asked_of(claim))
        for claim in read_claim_file(path, templates()).claims
    }


@for_each(
    "was, now, said",
    [
        ("He left Hanoi.", "He left Hanoi., More of Hanoi., Most of Hanoi.", "2 prompts more in hanoi"),
        ("We painted., ", "", "1 prompt fewer in base"),
        ("We painted.", "We slept.", "1 prompt changed in base"),
        ("[The fox jumps., We painted.", "[One., Two., Three.", "3 prompts more and 2 prompts fewer in base"),
        ("margin: 0.5 sd", "margin: 0.6 sd", "margin 0.5 sd -> 0.6 sd"),
        (
            "margin: 0.5 sd",
            "margin: 0.5 sd, seed: 7, resamples: 999",
            "resamples unsaid -> 999; seed unsaid -> 7",
        ),
        (
            "neuron 2:3",
            "neuron 2:4",
            "the sentence was: neuron 2:3 does not activate more for hanoi than base",
        ),
        ("id: contrast", "tags: x, because: of it, id: contrast", ""),
    ],
)
def test_an_edit_is_told_in_a_line(tmp_path_factory, was, now, said) -> None:
    folder = tmp_path_factory.mktemp("edit")
    old, new = rows(folder, FILE)["contrast"], rows(folder, FILE.replace(was, now))["contrast"]
    assert edits(old, new) == said
    assert (old.content == new.content) == (not said)


def test_another_direction_and_many_prompts_are_told(tmp_path) -> None:
    many = ", ".join(f"Hanoi number {number}" for number in range(MOST + 1))
    old = rows(tmp_path, FILE)["direction"]
    new = rows(tmp_path, FILE.replace("He left Hanoi.", many).replace("A warm", "One warm"))["direction"]
    assert edits(old, new) == f"{MOST} prompts more in hanoi; another direction glad"
    assert edits(new, old) == f"{MOST} prompts fewer in hanoi; another direction glad"
    assert len(str(new.asked)) < 300
