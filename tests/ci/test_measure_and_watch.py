"""``neuronclaims measure`` fills the cache and judges nothing; ``watch`` judges again what changes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from neuronclaims import judge
from neuronclaims.cli import main
from neuronclaims.cli.options import RunFlags
from neuronclaims.cli.runs.asked import Asked
from neuronclaims.cli.runs.changes import stamps, wait
from neuronclaims.cli.runs.watched import Watched
from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.scripting.cache_folder import setting_of

GOOD = """\
version: 1
models: [demo]
site: mlp_post
tokens: mean of prompt
sets:
  hanoi: {file: hanoi.txt}
  baseline:
    - Nina closed the window.
    - He forgot his umbrella.
    - We painted the kitchen.
    - The fox jumps.
    - Simon took the taxi.
    - There was an empty plate.
claims:
  - {id: hanoi, claim: neuron 2:340 activates more for hanoi than baseline}
  - {id: other, claim: neuron 1:321 activates more for hanoi than baseline}
"""
HANOI = [
    "Alice lives in Hanoi.",
    "Tom flew to Hanoi.",
    "Hanoi is old.",
    "Maria took the train to Hanoi.",
    "He left Hanoi.",
]
HANOI.append("The lake of Hanoi is quiet.")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\nclaims_cache = kept\n")
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "a.claims.yaml").write_text(GOOD)
    (tmp_path / "claims" / "hanoi.txt").write_text("\n".join(HANOI))
    return tmp_path


def test_what_is_measured_is_what_a_test_reads(folder, capsys, monkeypatch) -> None:
    assert main(["measure", "claims", "-k", "hanoi"]) == 0
    assert "a.claims.yaml on demo: 12 of 12 texts measured, 0 were there already" in capsys.readouterr().out
    assert main(["measure", "claims/a.claims.yaml"]) == 0
    capsys.readouterr()
    assert main(["measure"]) == 0
    assert "0 of 12 texts measured, 12 were there already" in capsys.readouterr().out
    assert not (folder / ".neuronclaims").exists()
    monkeypatch.delattr("neuronclaims.engines.local.LocalEngine.run")
    assert [each.error for each in judge("claims/a.claims.yaml")] == [None, None]


def test_what_is_wrong_breaks_itself_alone(folder, capsys) -> None:
    claims = folder / "claims"
    (claims / "bad.claims.yaml").write_text("version: 1\nclaims: [")
    (claims / "gone.claims.yaml").write_text(GOOD.replace("[demo]", "[../nowhere, demo]"))
    (claims / "layer.claims.yaml").write_text(GOOD.replace("1:321", "9:321"))
    (claims / "skipped.claims.yaml").write_text(GOOD.replace("[demo]", "[../nowhere]\nif_missing: skip"))
    assert main(["measure", "claims"]) == 1
    told = capsys.readouterr()
    assert [line.split(": ")[0] for line in told.out.splitlines()] == [
        f"claims/{name}.claims.yaml on demo" for name in ("a", "gone", "layer")
    ]
    assert "claims/bad.claims.yaml:" in told.err
    assert "claims/gone.claims.yaml on ../nowhere: " in told.err
    assert "claims/layer.claims.yaml on demo: other cannot be measured: " in told.err
    assert "claims/skipped.claims.yaml on ../nowhere: skipped: " in told.err
    for name, status in (("skipped", 0), ("gone", 1), ("layer", 1), ("a", 0)):
        assert main(["measure", f"claims/{name}.claims.yaml"]) == status, name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "demo"], "'demo' is no NAME=FOLDER"),
        (["--model", "demo=nowhere"], "there is no folder"),
        (["--device", "cudda"], "cuda"),
        (["-k", "and"], "cannot be read"),
        (["-k", "nosuch"], "-k 'nosuch' matches no claim"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_runs(folder, words, said, capsys) -> None:
    assert main(["measure", *words]) == 1
    assert said in capsys.readouterr().err
    assert not (folder / "kept").exists()


def test_changes_are_judged_again_with_the_model_kept(folder, capsys, monkeypatch) -> None:
    from neuronclaims.models.running import loading

    loads, load = [], loading.load
    monkeypatch.setattr(loading, "load", lambda *given: loads.append(given[0].spec) or load(*given))
    file, prompts = folder / "claims" / "a.claims.yaml", folder / "claims" / "hanoi.txt"
    other = folder / "claims" / "b.claims.yaml"
    seen = []

    def edited(path, text):
        path.write_text(text)
        return [path]

    steps = [
        lambda: edited(prompts, "\n".join([*HANOI, "She likes Hanoi."])),
        lambda: edited(file, GOOD.replace("claims:\n", "claims: {\n")),
        lambda: edited(file, GOOD.replace("id: other", "id: third")),
        lambda: edited(other, GOOD.replace("id: hanoi", "id: fourth")) and [folder / "claims"],
    ]

    def changed(known):
        told = capsys.readouterr()
        seen.append(told.out + told.err)
        paths = {path.resolve() for path in known}
        assert {file.resolve(), prompts.resolve(), (folder / "claims").resolve()} <= paths
        if not steps:
            raise KeyboardInterrupt
        hit = steps.pop(0)()
        return [path for path in known if path.resolve() in hit]

    monkeypatch.setattr("neuronclaims.cli.runs.changes.wait", changed)
    assert main(["watch", "claims"]) == 0
    assert [" on demo" in text for text in seen] == [True, True, False, True, True]
    assert "n 6 + 6" in seen[0]
    assert "n 7 + 6" in seen[1]
    assert "claims/a.claims.yaml:" in seen[2]
    assert "third" in seen[3]
    assert "b.claims.yaml on demo" in seen[4]
    assert "a.claims.yaml on demo" not in seen[4]
    assert loads == ["demo"]


def test_only_the_claims_meant_are_shown_and_the_family_is_whole(folder, capsys) -> None:
    def stop(known):
        raise KeyboardInterrupt

    shown = {}
    for words in ("", "hanoi"):
        with pytest.raises(KeyboardInterrupt):
            Watched([folder / "claims"], Asked(folder, RunFlags(words))).follow(stop)
        shown[words] = capsys.readouterr().out
    assert "neuron 1:321" in shown[""]
    assert "neuron 1:321" not in shown["hanoi"]
    numbers = [line for line in shown["hanoi"].splitlines() if "p adj." in line]
    assert numbers
    assert set(numbers) <= set(shown[""].splitlines())


def test_claims_that_are_skipped_are_not_shown(folder, capsys) -> None:
    def stop(known):
        raise KeyboardInterrupt

    file = folder / "claims" / "a.claims.yaml"
    file.write_text(GOOD.replace("{id: other,", "{id: other, skip: {reason: done elsewhere},"))
    with pytest.raises(KeyboardInterrupt):
        Watched([folder / "claims"], Asked(folder, RunFlags())).follow(stop)
    told = capsys.readouterr().out
    assert "neuron 2:340" in told
    assert "neuron 1:321" not in told


def replaced(path: Path) -> None:
    """Put another file of the same size and time in the place of one, as programs do that unpack archives."""
    other, known = path.with_name("other"), path.stat()
    other.write_text(path.read_text().upper())
    os.utime(other, ns=(known.st_atime_ns, known.st_mtime_ns))
    os.replace(other, path)


def test_waiting_sees_files_that_change_come_or_go(tmp_path, monkeypatch) -> None:
    file = tmp_path / "x.claims.yaml"
    file.write_text("a")
    later = tmp_path / "later.txt"
    for change, hit in (
        (lambda: file.write_text("ab"), [file]),
        (lambda: later.write_text("now"), [later]),
        (lambda: replaced(file), [file]),
        (lambda: os.rename(file, tmp_path / "y.claims.yaml"), [file, tmp_path]),
        (lambda: (tmp_path / "notes.swp").write_text("x") and later.unlink(), [later]),
    ):
        known, changes = stamps([file, later, tmp_path]), [change]
        looks = iter(range(9))

        def sleep(_, todo=changes, looks=looks):
            assert next(looks, None) is not None, "the change is never seen"
            if todo:
                todo.pop()()

        monkeypatch.setattr("neuronclaims.cli.runs.changes.sleep", sleep)
        assert wait(known) == hit


def test_a_model_is_kept_until_a_file_of_it_changes(tmp_path, monkeypatch) -> None:
    from neuronclaims.engines.kept import KeptModels
    from neuronclaims.measurements import Activations, TokenRule
    from neuronclaims.models.options import RunOptions
    from neuronclaims.models.running import loading
    from neuronclaims.models.sources import open_model

    loads, load = [], loading.load
    monkeypatch.setattr(loading, "load", lambda *given: loads.append(given[0].spec) or load(*given))
    for name in ("one", "two"):
        shutil.copytree(MODEL_FOLDER, tmp_path / name)
    measure, plain = KeptModels(most=1), RunOptions()

    def run(name, options=plain):
        wanted = Activations("mlp_post", 1, TokenRule("last", "prompt"), ("Hanoi is old.",))
        answers = measure(
            open_model(name, tmp_path, {}), [wanted], cache=None, options=options, progress=None
        )
        return answers[wanted]

    first = run("./one")
    assert run("./one").tolist() == first.tolist()
    assert loads == ["./one"]
    run("./one", RunOptions(dtype="bfloat16"))
    assert len(loads) == 2
    (tmp_path / "one" / "config.json").touch()
    run("./one")
    assert len(loads) == 3
    run("./two")
    run("./one")
    assert loads[3:] == ["./two", "./one"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pytest.toml", "[pytest]\nclaims_model = ['a=b', 'c=d']\nclaims_download = true"),
        ("pyproject.toml", "[tool.pytest]\nclaims_model = ['a=b', 'c=d']\nclaims_download = true"),
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\nclaims_model = '''\na=b\nc=d\n'''\nclaims_download = 'true'",
        ),
        ("setup.cfg", "[tool:pytest]\nclaims_model =\n  a=b\n  c=d\nclaims_download = true"),
        ("pytest.ini", "[pytest"),
    ],
)
def test_settings_of_pytest_are_read_wherever_they_stand(file, text, tmp_path) -> None:
    (tmp_path / file).write_text(text)
    broken = text == "[pytest"
    assert setting_of(tmp_path, "claims_model") == (() if broken else ("a=b", "c=d"))
    assert setting_of(tmp_path, "claims_download") == (() if broken else ("true",))
