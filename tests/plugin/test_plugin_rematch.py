"""What is said of lost neurons where they cannot be looked for, and that it is never more than a sentence."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from inner import CONFIG, MORE, PLUGIN, claim_text

# Inner sessions in this process forget what they import, and NumPy cannot be imported twice.
import neuronclaims.rematch.sentences
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.pytest_session.baselines.lost import Lost
from neuronclaims.pytest_session.baselines.rematch_hints import hint
from neuronclaims.pytest_session.baselines.rematching import Rematching
from neuronclaims.rematch import Match, Rematched, TwoModels
from neuronclaims.sentences.subjects.neurons import Neuron

CLAIMS = (
    f"{{id: holds, claim: neuron 0:0 {MORE}}}",
    f"{{id: lower, claim: neuron 0:1 {MORE}, expect: refuted}}",
)
COMPARED = ("--claims-compare", "--claims-inconclusive=skip")
Run = Callable[..., SimpleNamespace]


@pytest.fixture
def project(write, session: Run) -> Path:
    """A project whose claims are saved, and whose neuron 0 tells nothing since: one claim is lost."""
    folder = write(people=claim_text(*CLAIMS))
    for name in ("model", "other"):
        (folder / name / "tokenizer.json").write_text("{}")
    assert session("--claims-save").ret == 0
    conftest = folder / "conftest.py"
    conftest.write_text(conftest.read_text().replace("{0: 3.0, 1: -3.0}", "{1: -3.0}"))
    resized(folder / "model", 8)
    return folder


@pytest.fixture
def session(pytester: pytest.Pytester) -> Run:
    def run(*arguments: str) -> SimpleNamespace:
        done = pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", *arguments)
        return SimpleNamespace(ret=int(done.ret), text=done.stdout.str() + done.stderr.str())

    return run


def resized(folder: Path, words: int) -> None:
    """Give a model other settings, and so another fingerprint."""
    (folder / "config.json").write_text(json.dumps({**CONFIG, "vocab_size": words}))


def stood_in(monkeypatch: pytest.MonkeyPatch, answer: Callable[..., list[Rematched]]) -> list[tuple]:
    calls: list[tuple] = []

    def rematch(file, models: TwoModels, **rest):
        calls.append((file.path.name, Path(models.old).name, models.new, sorted(rest["only"])))
        return answer(file)

    monkeypatch.setattr("neuronclaims.rematch.rematch", rematch)
    return calls


def raising(error: BaseException) -> Callable[..., list[Rematched]]:
    def answer(file):
        raise error

    return answer


NAME = "people.claims.yaml on model: "
TROUBLES: dict[str, tuple[str, str]] = {
    "a folder that is not there": ("./nowhere", "There is no folder "),
    "a typo": ("./othr", "Did you mean other?"),
    "the new model": ("model", "model has the very weights that were tested, so no neuron can have moved."),
    "a stranger": ("sub/model", "is not the model that its baseline is about (weights "),
    "another model's": (
        "others=other",
        "no old model is given: add --claims-rematch=model=OLD (given: others).",
    ),
}


@pytest.mark.parametrize("which", TROUBLES)
def test_what_stands_in_the_way_is_one_sentence_and_the_outcome_stays(project, session, which):
    resized(project / "sub" / "model", 7)
    (project / "sub" / "model" / "tokenizer.json").write_text("{}")
    without = session(*COMPARED, "--claims-fail-on=nothing")
    assert without.ret == 0
    given, said = TROUBLES[which]
    for fail_on, status in (("nothing", 0), ("lost", 1)):
        done = session(*COMPARED, f"--claims-fail-on={fail_on}", f"--claims-rematch={given}")
        assert done.ret == status
        (line,) = [
            line for line in done.text.splitlines() if line.startswith(NAME) and "looking for" not in line
        ]
        assert said in line
        assert "Traceback" not in done.text
        assert "INTERNALERROR" not in done.text


def test_only_lost_claims_are_looked_for_in_the_model_of_the_baseline(project, session, monkeypatch):
    best = Match(Neuron(0, 0), Neuron(1, 3), 0.95, 0.934, 0.4, 0.5, None)
    calls = stood_in(monkeypatch, lambda file: [Rematched(file.claims[0], (best,), "x")])
    done = session(*COMPARED, "--claims-rematch=model=other", "--claims-report=.")
    assert calls == [("people.claims.yaml", "other", "model", ["holds"])]
    assert "\n  in the new model: moved to 1:3 (r = 0.93)\n" in done.text
    assert "neuronclaims rematch people.claims.yaml --old other --new model\n" in done.text
    claims = {
        each["id"]: each["rematch"] for each in json.loads((project / "claims.json").read_text())["claims"]
    }
    assert claims["lower"] is None
    assert claims["holds"]["neurons"] == [{"old": "0:0", "new": "1:3", "r": 0.934}]


def test_what_models_are_called_is_text_in_every_report(project, session, monkeypatch):
    evil = "<img src=x> **no** site\x1b[31m\n::error::x"
    stood_in(monkeypatch, lambda file: [Rematched(file.claims[0], note=evil)])
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "summary.md"))
    done = session(*COMPARED, "--claims-rematch=other", "--claims-report=.")
    told = [
        done.text,
        *((project / name).read_text() for name in ("index.html", "summary.md", "claims.json")),
    ]
    assert all("In the new model: " in text for text in told[1:3])
    assert not any("\x1b[31m" in text or "\n::error::" in text for text in told)
    assert not any("<img src=x>" in text for text in told[1:3])


def test_the_setting_says_the_same_from_the_root_folder_and_the_command_line_wins(
    project, session, monkeypatch
):
    calls = stood_in(monkeypatch, lambda file: [])
    (project / "pytest.ini").write_text("[pytest]\nclaims_rematch =\n  model = other\n")
    session(*COMPARED)
    session(*COMPARED, "--claims-rematch=model=./nowhere")
    assert [old for _, old, *_ in calls] == ["other"]
    assert session("--collect-only").ret == 0  # the setting alone asks for nothing


@pytest.mark.parametrize(
    "error", [RuntimeError("a\ndefect"), NeuronClaimsError("a\ndefect"), KeyboardInterrupt()]
)
def test_whatever_goes_wrong_changes_nothing_else(project, session, monkeypatch, error):
    stood_in(monkeypatch, raising(error))
    done = session(*COMPARED, "--claims-rematch=other", "--claims-fail-on=nothing", "--claims-report=.")
    assert done.ret == 0
    said = "Interrupted: no neurons were looked for in people.claims.yaml on model."
    assert (said if isinstance(error, KeyboardInterrupt) else "a defect") in done.text
    assert "2 claims compared: 1 held, 1 lost" in done.text
    assert "Traceback" not in done.text
    assert json.loads((project / "claims.json").read_text())["complete"] is True


def test_a_session_that_stops_early_looks_for_nothing_and_says_how_to(project, session, monkeypatch):
    calls = stood_in(monkeypatch, lambda file: [])
    done = session(*COMPARED, "--claims-rematch=other", "-x")
    assert not calls
    assert (
        "To look for them: neuronclaims rematch people.claims.yaml --old OLD_MODEL --new model" in done.text
    )


def test_without_lost_claims_there_is_no_hint(project, session):
    assert "may have moved" in session(*COMPARED).text
    assert "may have moved" not in session(*COMPARED, "-k", "lower").text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--claims-rematch=other",), "finds lost: add --claims-compare=NAME"),
        (("--claims-compare", "--claims-rematch=model="), "or NAME=OLD, not 'model='"),
        (("--claims-compare", "--claims-rematch==other"), "or NAME=OLD, not '=other'"),
        (("--claims-compare", "--claims-rematch="), "or NAME=OLD, not ''"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(write, session, arguments, said):
    write(people=claim_text(*CLAIMS))
    done = session(*arguments)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert said in done.text


def match(old: str, new: str, why: str | None = None) -> Match:
    places = [Neuron(*map(int, name.split(":"))) for name in (old, new)]
    return Match(*places, 0.9, 0.876, 0.1, 0.1, why)


@pytest.mark.parametrize(
    ("matches", "rest", "said"),
    [
        ([match("1:2", "1:2")], {}, "still at 1:2 (r = 0.88)"),
        (
            [match("1:2", "0:2")],
            {"verdict": "refuted"},
            "moved to 0:2 (r = 0.88), refuted there on the other half of the prompts",
        ),
        ([match("1:2", "0:2", "why not")], {}, "not found: why not"),
        (
            [match("1:2", "0:2"), match("1:3", "1:3")],
            {},
            "1:2 moved to 0:2 (r = 0.88); 1:3 still in its place (r = 0.88)",
        ),
        (
            [match("1:2", "0:2"), match("1:3", "1:3", "why not")],
            {},
            "1:2 moved to 0:2 (r = 0.88); 1:3 not found: why not",
        ),
        (
            [match("1:2", "0:2")],
            {"error": "No prompts."},
            "moved to 0:2 (r = 0.88), but the claim could not be tested there: No prompts",
        ),
        ([], {"note": "model has no site attn_out."}, "model has no site attn_out"),
    ],
)
def test_neurons_are_told_of_in_one_sentence(matches, rest, said):
    result = (
        SimpleNamespace(**{"verdict": None, "error": None, **rest})
        if {"verdict", "error"} & rest.keys()
        else None
    )
    done = Rematched(None, tuple(matches), result=result, note=rest.get("note"))
    assert neuronclaims.rematch.sentences.sentence(done) == said
    assert not re.search(r"\.$", said)


def config(folder: Path, **settings: str) -> SimpleNamespace:
    """What of pytest's configuration is asked for here: old models are given as 'before'."""
    options = {"claims_rematch": ["before"], **{f"claims_{name}": text for name, text in settings.items()}}
    defaults = {"claims_device": "cpu", "claims_dtype": "float32", "claims_attention": "sdpa"}
    defaults["claims_cache"] = ""
    return SimpleNamespace(
        getoption=lambda name: options.get(name),
        getini=lambda name: defaults.get(name, []),
        rootpath=folder,
        invocation_params=SimpleNamespace(dir=folder),
    )


def lost(folder: Path, name: str = "x", **rest: object) -> Lost:
    file = folder / f"{name}.claims.yaml"
    return Lost(file, file.name, "ours", "ours", "new", {"a": "old"}, {"a": f"{file.name}::ours::a"}, **rest)


def test_an_object_in_another_process_cannot_be_looked_into_and_no_command_names_it(tmp_path):
    far = lost(tmp_path, far=True)
    looking = Rematching(config(tmp_path), print)
    looking.look([far])
    assert looking.notes == [
        "x.claims.yaml on ours: the model is an object that conftest.py hands over, and lives in another process: "
        "run without -n."
    ]
    assert (
        hint([far], config(tmp_path))
        == "Lost neurons may have moved: --claims-rematch=OLD_MODEL looks for them."
    )


def test_the_command_is_quoted_and_says_how_models_are_run(tmp_path):
    named = lost(tmp_path, "my claims", handed_over=tmp_path / "it's new")
    said = hint(
        [named, lost(tmp_path, "b"), lost(tmp_path, "c"), lost(tmp_path, "d")],
        config(tmp_path, dtype="bfloat16"),
    )
    command, _, rest = said.removeprefix("Lost neurons may have moved. To look for them: ").partition(", and")
    assert shlex.split(command) == [
        *("neuronclaims", "rematch", "my claims.claims.yaml", "--old", "OLD_MODEL"),
        *("--new", "it's new", "--dtype", "bfloat16"),
    ]
    assert rest.startswith(
        " likewise for b.claims.yaml on ours, c.claims.yaml on ours and 1 more (or pytest with "
    )
