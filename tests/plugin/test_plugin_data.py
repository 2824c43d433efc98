"""What may mislead in prompts is said before a model runs, in a dry run, in the terminal, the page and claims.json."""

from __future__ import annotations

import json

from inner import NAMES, session

HEAD = "version: 1\nmodels: [demo]\nsite: mlp_post\ntokens: last of prompt\nsets:\n"
CLAIM = "claims:\n  - {claim: neuron 0:3 activates more for a than b, expect: inconclusive}\n"
SPACES = "2 of 8 prompts of 'a' end in white space: where it is a token of its own, 'last of prompt' reads that token"
OWN_TOKEN = (
    "2 of 8 prompts of 'a' end in 'Ġ', white space that demo reads as a token of its own: the last token"
)
FRAME = "8 of 8 prompts of 'b' share 2 frames, such as 'I saw … in the street' (4)"
LABELS = "'where' of 'a' leaves 1 row whose label looks like one that it takes: 'A' (1)"
TEXTS = [
    "The meeting starts at nine. ",
    "He forgot his umbrella again.",
    "We painted the kitchen on Sunday.",
    "The cat slept through the whole film. ",
    "They sold the old car.",
    "Nobody knew where the key was.",
    "After lunch it began to rain.",
    "She sings.",
    "Most of it was gone.",
]


def written(folder) -> None:
    rows = [f'"{text}",{label}\n' for text, label in zip(TEXTS, "aaaaaaaaA", strict=True)]
    frames = [
        frame.format(name)
        for frame in ("I saw {} in the street.", "{} is my oldest friend")
        for name in NAMES[:4]
    ]
    (folder / "p.csv").write_text("text,label\n" + "".join(rows), encoding="utf-8")
    sets = "  a: {file: p.csv, column: text, where: {label: a}}\n" + f"  b: {json.dumps(frames)}\n"
    (folder / "x.claims.yaml").write_text(HEAD + sets + CLAIM, encoding="utf-8")


def test_a_session_says_it_at_the_start_and_the_reports_have_it(tmp_path):
    written(tmp_path)
    done = session(tmp_path, "--claims-report=rep", "-v", "--claims-cache=off")
    assert done.returncode == 0, done.stdout
    start, _, end = done.stdout.partition("= claims =")
    for said in (SPACES, OWN_TOKEN, FRAME, LABELS):
        assert said in start
        assert said in " ".join(end.replace("\n", " ").split())
    assert f"x.claims.yaml:6: {LABELS}" in start
    (claim,) = json.loads((tmp_path / "rep" / "claims.json").read_text(encoding="utf-8"))["claims"]
    data = claim["data"]
    assert [warning.split(":")[0][:20] for warning in data["warnings"]] == [
        each[:20] for each in (LABELS, FRAME, SPACES, OWN_TOKEN)
    ]
    a, b = data["sets"]
    assert (a["name"], a["prompts"], a["end"], a["taken"]["rows"]) == ("a", 8, 2, 9)
    assert a["taken"]["where"] == [
        {
            "column": "label",
            "taken": [["a", 8]],
            "left": [["A", 1]],
            "alike": [["A", 1]],
            "others": 0,
            "without": 0,
        }
    ]
    assert sorted(frame["prompts"] for frame in b["frames"]) == [4, 4]
    page = (tmp_path / "rep" / "index.html").read_text(encoding="utf-8")
    assert "What may mislead in its prompts" in page
    assert "8 of 9 rows of p.csv" in page


def test_a_dry_run_has_token_lengths_and_the_token_that_is_read(tmp_path):
    written(tmp_path)
    out = session(tmp_path, "--claims-dry-run").stdout
    for said in (SPACES, OWN_TOKEN, FRAME, LABELS):
        assert said in out
    assert "; last token of those that end in white space: 'Ġ' (2)" in out
    assert " tokens, median " in out


def test_many_warnings_of_a_file_are_counted_and_check_names_them(tmp_path, capsys):
    from neuronclaims.cli import main

    nothing = ["nan", "none", "null", "n/a", "na", "undefined"]
    sets = "".join(
        f"  {name}: [{odd}, x{name}, y{name}, z{name}]\n" for name, odd in zip("abcdef", nothing, strict=True)
    )
    claims = "".join(
        f"  - neuron 0:3 activates more for {one} than {two}\n" for one, two in ("ab", "cd", "ef")
    )
    (tmp_path / "x.claims.yaml").write_text(HEAD + sets + "claims:\n" + claims, encoding="utf-8")
    out = session(tmp_path, "--co").stdout
    assert out.count("as programs write for nothing") == 3
    assert "x.claims.yaml: 3 more such lines: neuronclaims check x.claims.yaml" in out
    assert main(["check", "--format", "json", str(tmp_path)]) == 0
    (told,) = json.loads(capsys.readouterr().out)["files"]
    assert sum("as programs write for nothing" in each["message"] for each in told["warnings"]) == 6
    assert [each["odd"][0].partition("'")[2].partition("'")[0] for each in told["sets"]] == nothing
