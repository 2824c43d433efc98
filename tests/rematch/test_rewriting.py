"""Claim files rewritten for another model: neurons replaced where they stand, nothing else touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import for_each

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.cli import main
from neuronclaims.kinds import templates
from neuronclaims.rematch import Match, Rematched, RewriteError, TwoModels, beside, write
from neuronclaims.rematch.journey import NO_NEURON, _matched
from neuronclaims.rematch.naming import named, renamed
from neuronclaims.rematch.rewrite import spelled
from neuronclaims.sentences.parser import parse
from neuronclaims.sentences.subjects.neurons import Neuron

FILE = """\
# yaml-language-server: $schema=../claims.schema.json
# A finding, with notes.
version: 1
models: [demo]   # the first of its kind
site: mlp_post
tokens: mean of prompt
sets:
  a: [one 1:2, two, three]   # 1:2 is no neuron here
  b:
    - four
    - five
    - six
pairs:
  p: [{clean: "x y", corrupted: "x z"}]
claims:
  # the best of all
  - neuron 1:2 activates more for a than b   # 1:2, they say
  - id: both-1:2-and-1:20
    claim: "every neuron of 1:2, 1:20 separates a from b"
    because: neuron 1:2 was in a paper
  - claim: >
      ablating neurons 1:2, 0:3
      lowers " 1:2" in a
    tags: [x, y]   # kept

  # a fact
  - claim: 'neuron 0:3 writes " 1:2" more than 99% of tokens'
  - some neuron of layer 1 activates more for a than b
"""
PLACES = {Neuron(1, 2): Neuron(1, 20), Neuron(1, 20): Neuron(1, 2), Neuron(0, 3): Neuron(0, 3)}


@pytest.fixture
def path(tmp_path) -> Path:
    file = tmp_path / "x.claims.yaml"
    file.write_text(FILE, encoding="utf-8")
    return file


def match(old: Neuron, new: Neuron, why: str | None = None) -> Match:
    return Match(old, new, 0.95, 0.93, 0.5, 0.5, why)


def done(file, lost: set[Neuron] = frozenset()) -> list[Rematched]:
    made = []
    for claim in file.claims:
        neurons = dict.fromkeys(each for many in named(claim.sentence).values() for each in many)
        if not neurons:
            made.append(Rematched(claim, note=NO_NEURON, nameless=True))
            continue
        own = tuple(match(one, PLACES[one], "gone" if one in lost else None) for one in neurons)
        new = renamed(claim.sentence, PLACES)
        made.append(Rematched(claim, own, None if lost & set(neurons) else str(new)))
    return made


def rewritten(path: Path, lost: set[Neuron] = frozenset(), new: str = "gpt2") -> str:
    file, out = read_claim_file(path, templates()), beside(path)
    write(file, done(file, lost), out, TwoModels("demo", new, path.parent), force=True)
    return out.read_text(encoding="utf-8")


def test_neurons_are_swapped_in_place_and_all_else_stays(path):
    lines = rewritten(path).splitlines()
    note, head = "# moved from 1:2 to 1:20 (r = 0.93)", lines[2:4]
    assert head[0].startswith("# Rematched: the neurons of demo were looked for in gpt2")
    assert all(line.startswith("# ") and len(line) <= 110 for line in head)
    notes = [line for line in lines if note in line]
    assert len(notes) == 3
    kept = [line for line in lines if line not in [*notes, *head]]
    expected = (
        FILE.replace("models: [demo]", "models: [gpt2]")
        .replace("- neuron 1:2 activates", "- neuron 1:20 activates")
        .replace("of 1:2, 1:20", "of 1:20, 1:2")
        .replace("neurons 1:2, 0:3", "neurons 1:20, 0:3")
    )
    assert kept == expected.splitlines()


def test_the_new_file_reads_as_it_should(path):
    rewritten(path)
    assert [claim.text for claim in read_claim_file(beside(path), templates()).claims] == [
        "neuron 1:20 activates more for a than b",
        "every neuron of 1:20, 1:2 separates a from b",
        'ablating neurons 1:20, 0:3 lowers " 1:2" in a',
        'neuron 0:3 writes " 1:2" more than 99% of tokens',
        "some neuron of layer 1 activates more for a than b",
    ]


def test_claims_that_were_not_found_become_comments(path):
    text = rewritten(path, lost={Neuron(0, 3)})
    assert [claim.text for claim in read_claim_file(beside(path), templates()).claims] == [
        "neuron 1:20 activates more for a than b",
        "every neuron of 1:20, 1:2 separates a from b",
        "some neuron of layer 1 activates more for a than b",
    ]
    for line in (
        "  # moved from 1:2 to 1:20 (r = 0.93); 0:3 not found: gone",
        "  # - claim: >",
        '  #     lowers " 1:2" in a',
        "  #   tags: [x, y]   # kept",
        "  # a fact",
    ):
        assert line in text.splitlines()


def test_where_nothing_is_left_no_file_is_written(path):
    path.write_text(
        FILE.replace("  - some neuron of layer 1 activates more for a than b\n", ""), encoding="utf-8"
    )
    with pytest.raises(RewriteError, match="no file was written"):
        rewritten(path, lost={Neuron(1, 2), Neuron(0, 3)})
    assert not beside(path).exists()


def test_claims_not_looked_at_do_not_pass_for_claims_about_the_new_model(path):
    file = read_claim_file(path, templates())
    write(file, done(file)[:1], beside(path), TwoModels("demo", "gpt2", path.parent), force=False)
    assert [claim.text for claim in read_claim_file(beside(path), templates()).claims] == [
        "neuron 1:20 activates more for a than b"
    ]


def test_a_file_that_is_there_is_not_overwritten_and_the_source_never(path):
    file, out = read_claim_file(path, templates()), beside(path)
    out.write_text("mine", encoding="utf-8")
    models = TwoModels("demo", "gpt2", path.parent)
    with pytest.raises(RewriteError, match="is there already"):
        write(file, done(file), out, models, force=False)
    assert out.read_text(encoding="utf-8") == "mine"
    with pytest.raises(RewriteError, match="is there already"):
        write(file, done(file), path, models, force=True)
    assert path.read_text(encoding="utf-8") == FILE
    assert write(file, done(file), out, models, force=True) == 5


def test_prompt_files_that_are_not_found_from_elsewhere_are_an_error_and_no_file(path, tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\n", encoding="utf-8")
    path.write_text(FILE.replace("a: [one 1:2, two, three]", "a: {file: a.txt}"), encoding="utf-8")
    file = read_claim_file(path, templates())
    (tmp_path / "sub").mkdir()
    out = tmp_path / "sub" / "y.claims.yaml"
    with pytest.raises(RewriteError, match="write it beside the old one"):
        write(file, done(file), out, TwoModels("demo", "gpt2", tmp_path), force=False)
    assert not out.exists()


@pytest.mark.parametrize("models", ["models: demo", "models: [demo, gpt2]", "models:\n  - demo\n  - 'gpt2'"])
def test_the_new_model_stands_in_place_of_all_there_were(path, models):
    path.write_text(FILE.replace("models: [demo]", models), encoding="utf-8")
    rewritten(path, new="some/name")
    assert read_claim_file(beside(path), templates()).models == ("some/name",)


@pytest.mark.parametrize("models", ["{ours: demo, b: gpt2}", "\n  ours: demo\n  b: gpt2"])
def test_the_new_model_has_the_name_that_the_old_one_had(path, models):
    path.write_text(FILE.replace("models: [demo]", f"models: {models}"), encoding="utf-8")
    rewritten(path, new="some/name")
    file = read_claim_file(beside(path), templates())
    assert (file.models, file.where("ours")) == (("ours",), "some/name")


def test_claims_on_one_line_can_be_changed_but_not_made_comments(path):
    flow = (
        FILE[: FILE.index("claims:\n")]
        + "claims: [neuron 1:2 activates more for a than b, {claim: neuron 0:3 activates less for a than b}]\n"
    )
    path.write_text(flow, encoding="utf-8")
    assert "claims: [neuron 1:20 activates" in rewritten(path)
    with pytest.raises(RewriteError, match="on lines of its own"):
        rewritten(path, lost={Neuron(0, 3)})


def test_folders_are_named_from_where_the_file_lies(tmp_path):
    (tmp_path / "models" / "new one").mkdir(parents=True)
    out = tmp_path / "claims" / "x.claims.yaml"
    assert spelled("models/new one", tmp_path, out) == '"../models/new one"'
    assert spelled("org/name", tmp_path, out) == "org/name"
    (tmp_path / "demo").mkdir()
    assert spelled("demo", tmp_path, out) == "demo"
    assert spelled("./demo", tmp_path, tmp_path / "x.claims.yaml") == '"./demo"'


@for_each("kind", [kind.template for kind in __import__("neuronclaims.kinds").kinds.kinds()])
def test_every_kind_that_names_neurons_is_renamed(kind):
    example = next((line for line in EXAMPLES if parse(line, templates()).template is kind), None)
    assert example is not None, f"no example of {kind.shape}"
    value = parse(example, templates()).value
    neurons = {each for many in named(value).values() for each in many}
    new = renamed(value, {each: Neuron(each.layer + 1, each.index + 5) for each in neurons})
    assert str(new) == example.replace("1:2", "2:7").replace("0:3", "1:8")
    assert bool(neurons) == ("1:2" in example)


EXAMPLES = (
    'neuron 1:2 above 0.5 predicts " an" in at least 60% of positions in a',
    'the share of " an" among top predictions falls with neuron 1:2 in a by at least 5% from lowest to highest',
    "neuron 1:2 activates more for a than b",
    "neuron 1:2 separates a from b",
    "neuron 1:2 is an outlier beyond 6 in at least 6% of tokens in a",
    "neuron 1:2 is not an outlier beyond 6 in more than 6% of tokens in a",
    "neuron 1:2 is massive in a",
    "neuron 1:2 is not massive in more than 1% of prompts in a",
    "at least 90% of layer 5 lies within 14 of zero in a",
    "d activity is lower for a than b in layers 2 to 5",
    "d activity does not differ between a and b in layers 2 to 5",
    "d activity differs between a and b somewhere",
    'restoring neurons 1:2, 0:3 recovers at least 30% of " x" over " y" in p',
    'corrupting neurons 1:2, 0:3 removes " x" over " y" in p',
    'ablating neurons 1:2, 0:3 lowers " x" over " y" in p',
    'adding 4 to mlp_post neurons 1:2, 0:3 raises " x" in a',
    'scaling neuron 1:2 by -0.5 lowers " x" in a',
    'clamping neurons 1:2, 0:3 to 6 does not change " x" in a',
    'neuron 1:2 predicts " x" in a',
    "every neuron of 1:2, 0:3 is among the top 10 neurons for a over b in at least 40% of prompts",
    "neuron 1:2 is not among the top 10 neurons for a over b in more than 40% of prompts",
    "a and b share at least 3 of their top 10 neurons over c",
    "a overlaps more with b than with c in their top 10 neurons over baseline",
    "a and b share more of their top 10 neurons over baseline than any other two of them and c, d",
    "neuron 1:2 goes with magnitude in a",
    "neuron 1:2 goes with magnitude in a with period 2",
    "neuron 1:2 is among the top 10 neurons for a in at least 40% of prompts",
    "neuron 1:2 is not among the top 10 neurons for a in more than 40% of prompts",
    "neuron 1:2 is among the top 10 neurons for a and for none of b, c in at least 40% of prompts",
    "head 9:6 attends to first of prompt from last of prompt in a with at least 40%",
    "head 9:6 does not attend to first of prompt from last of prompt in a with more than 40%",
    "head 9:6 attends more to first of prompt from last of prompt for a than b",
    "head 9:6 separates a from b by attention to first of prompt from last of prompt",
    "head 9:6 attends more to first of prompt than to token 2 of prompt from last of prompt in a",
    'neuron 1:2 writes " x" more than 99% of tokens',
)


@pytest.mark.parametrize(
    ("sentence", "extra", "best", "why"),
    [
        (
            "neuron 1:2 activates more for a than b",
            "searched: layer 1",
            [Neuron(0, 5)],
            "which is not in layer 1",
        ),
        ("neuron 1:2 activates more for a than b", "searched: all layers", [Neuron(0, 5)], None),
        (
            "every neuron of 1:2, 1:3 separates a from b",
            "",
            [Neuron(0, 5), Neuron(0, 5)],
            "another neuron of this claim",
        ),
        ("every neuron of 1:2, 1:3 separates a from b", "", [Neuron(0, 5), Neuron(0, 6)], None),
    ],
)
def test_a_claim_is_not_rewritten_to_what_it_cannot_say(path, sentence, extra, best, why):
    claims = f"claims:\n  - claim: {sentence}\n" + (f"    {extra}\n" if extra else "")
    path.write_text(FILE[: FILE.index("claims:\n")] + claims, encoding="utf-8")
    (claim,) = read_claim_file(path, templates()).claims
    neurons = named(claim.sentence)["who"]
    found = {("mlp_post", old): match(old, new) for old, new in zip(neurons, best, strict=True)}
    matched = _matched(claim, found, None)
    assert (matched.text is None) == (why is not None)
    assert matched.status == ("moved" if why is None else "not found")
    assert why is None or all(why in each.why for each in matched.matches)


def test_a_model_is_fetched_only_where_that_is_asked_for(path, monkeypatch, capsys):
    import huggingface_hub

    asked = []

    def fetch(name, **_):
        asked.append(name)
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    words = ["rematch", str(path), "--old", "demo", "--new", "org/none"]
    assert main(words) == 1
    assert asked == []
    assert main([*words, "--download"]) == 1
    assert asked == ["org/none"]
    assert "could not be downloaded: no network" in capsys.readouterr().err
