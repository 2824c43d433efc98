"""Verdicts are known again if and only if nothing changed that they depend on: each dependency is changed alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from math import comb
from pathlib import Path

import numpy as np
import pytest
from kept_world import CLAIMS, HEAD, World, write, write_way
from safetensors.numpy import load_file, save_file

from neuronclaims import grader
from neuronclaims.cache import layout, run_cache
from neuronclaims.cache.notes import Notes
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.reader import read_claim_file, read_claim_text
from neuronclaims.foreign_files.witness import FilesSeen
from neuronclaims.kept import outlines
from neuronclaims.kept.verdicts import _grown
from neuronclaims.kinds import templates
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.options import RunOptions

Change = Callable[[World, pytest.MonkeyPatch], "dict[str, object] | None"]


def claim(place: int, **changes: object) -> Change:
    """Write the claim file with one claim changed."""
    claims = [{**each, **changes} if number == place else each for number, each in enumerate(CLAIMS)]
    return lambda world, _: write(world.folder, claims=claims)


def head(**changes: object) -> Change:
    return lambda world, _: write(world.folder, **changes)


def text_of(name: str, old: str, new: str) -> Change:
    """Replace something in a file of the project."""

    def change(world: World, _: pytest.MonkeyPatch) -> None:
        path = world.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


def tensor(name: str, key: str) -> Change:
    """Change one number of a tensor in a file of the project, and nothing of its size."""

    def change(world: World, _: pytest.MonkeyPatch) -> None:
        path = world.folder / name
        tensors = {each: np.array(values) for each, values in load_file(path).items()}
        tensors[key].flat[0] += 1
        save_file(tensors, path, metadata={"format": "pt"})

    return change


def shard(how: Callable[[Path], object]) -> Change:
    return lambda world, _: how(world.shards[0]) and None


def written_over(path: Path) -> None:
    """Let other values lie in the place of a shard; size and name stay."""
    data = bytearray(path.read_bytes())
    data[-4:] = b"\0\0\0\0"
    path.write_bytes(bytes(data))


def given(**how: object) -> Change:
    return lambda world, patch: how


def patched(target: str, value: object) -> Change:
    return lambda world, patch: patch.setattr(target, value)


def folders(world: World, _: pytest.MonkeyPatch) -> dict[str, object]:
    return {"folders": PromptFolders(world.folder, (world.folder.parent,))}


ANEW: dict[str, Change] = {
    "a sentence": claim(0, claim="neuron 2:341 activates more for hanoi than rest"),
    "an id": claim(0, id="otherwise"),
    "what is expected": claim(0, expect="refuted"),
    "an option": claim(0, resamples=999),
    "a token rule": claim(0, tokens="last of prompt"),
    "alpha": head(alpha=0.01),
    "the correction": head(correction="bonferroni"),
    "the seed": head(seed=1),
    "a text": text_of("hanoi.csv", "Hanoi", "Hanoi now"),
    "a group": text_of("hanoi.csv", ",h1,", ",h0,"),
    "a number": text_of("hanoi.csv", ",h0,", ",h0,1"),
    "the neurons of a list": text_of("picked.csv", "2:341", "2:342"),
    "a stored direction": lambda world, _: write_way(world.folder, 2.0),
    "the weights of a dictionary": tensor("sae/sae_weights.safetensors", "b_enc"),
    "the settings of a dictionary": text_of("sae/cfg.json", "{", '{ "note": 1,'),
    "the model's weights": tensor("model/model.safetensors", "transformer.wte.weight"),
    "the model's settings": text_of("model/generation_config.json", "{", '{"note": 1,'),
    "the model's tokenizer": text_of("model/tokenizer_config.json", "{", '{"note": 1,'),
    "a number type": given(options=RunOptions(dtype="bfloat16")),
    "the attention": given(options=RunOptions(attention="eager")),
    "heat maps": given(heat_maps="auto"),
    "a shard that is gone": shard(Path.unlink),
    "the versions of libraries": patched(
        "neuronclaims.cache.run_cache.version", lambda name: f"another {name}"
    ),
    "how this package measures": patched("neuronclaims.cache.run_cache.MEASURING_VERSION", -1),
    "any code, Python and its packages": patched(
        "neuronclaims.kept.outlines.code_and_libraries", lambda: "other"
    ),
    "where prompts may lie": folders,
    "being asked": given(verdicts="fresh"),
    "a check of the cache": given(options=RunOptions(verify=True)),
}


@pytest.mark.parametrize("what", ANEW)
def test_a_claim_is_judged_anew_where_one_thing_changed(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    assert world.times() == 0
    how = ANEW[what](world, monkeypatch) or {}
    with np.errstate(all="ignore"):
        assert world.times(**how) == 1, what
    lasting = what not in ("being asked", "a check of the cache")
    assert world.times(**how) == (0 if lasting else 1), what


def test_a_shard_that_holds_other_values_is_found_out_and_measured_again(world: World) -> None:
    written_over(world.shards[0])
    with pytest.warns(match="is damaged"):
        assert world.times() == 1
    assert [world.times(), world.times()] == [
        1,
        0,
    ]  # what went away while it was judged is not taken for the same


def test_known_verdicts_are_those_that_were_reached_and_say_how_many_texts_they_have(world: World) -> None:
    fresh, known = world.judge(verdicts="fresh"), world.judge()
    assert world.judged == 1
    for name, result in fresh.items():
        assert result.evidence is not None
        assert replace(result.evidence, units=None, figures=()) == replace(known[name].evidence, figures=())
        assert [figure.kind for figure in result.evidence.figures] == [
            figure.kind for figure in known[name].evidence.figures
        ]
        assert replace(result, evidence=None) == replace(known[name], evidence=None)
    file = read_claim_file(world.folder / "x.claims.yaml", templates())
    study = world.study()
    before = study.judged_before(outlines.FileOutline.of(file), "model")
    assert before is not None
    assert before.texts == {each["id"]: 12 if each["id"] == "number" else 26 for each in CLAIMS}
    # Who wants the values themselves gets them, from the cache.
    study.judge(file, "model")
    answers = study.answers(file, "model", file.claims[0])
    assert {array.shape for array in answers.values()} == {(12, 512), (14, 512)}
    assert world.judged == 1


def test_counts_of_arrangements_beyond_64_bits_come_back_whole(world: World) -> None:
    texts = {name: [f"{name} number {place} is here." for place in range(40)] for name in ("one", "two")}
    write(world.folder, sets=texts, claims=[{"id": "x", "claim": "neuron 2:340 separates one from two"}])
    first, again = world.judge()["x"], world.judge()["x"]
    assert world.judged == 1
    assert first.evidence is not None
    assert again.evidence is not None
    assert first.evidence.test == again.evidence.test
    assert again.evidence.test is not None
    assert again.evidence.test.arrangements == comb(80, 40) > 1 << 64


def test_layout_and_files_that_nobody_reads_change_nothing_and_a_model_elsewhere_does(world: World) -> None:
    (world.folder / "notes.csv").write_text("mine")
    (world.folder / "model" / "README.md").write_text("mine")
    os.utime(world.folder / "hanoi.csv")
    assert world.times() == 0
    (world.folder / "model").rename(world.folder / "elsewhere")
    (world.folder / "model").symlink_to("elsewhere")
    assert world.times() == 1  # the same model: its values are in the cache, its folder has another name


def test_text_that_is_no_file_is_known_by_itself(world: World) -> None:
    def judge(seed: int) -> None:
        text = json.dumps({**HEAD, "claims": CLAIMS, "seed": seed})
        world.study().judge(read_claim_text(text, templates(), world.folder), "model")

    for seed, times in ((0, 1), (0, 1), (1, 2), (0, 2)):
        judge(seed)
        assert world.judged == times


def test_an_outline_is_kept_of_a_file_that_its_files_alone_decide(world: World, tmp_path: Path) -> None:
    path, notes = world.folder / "x.claims.yaml", Notes(RunCache(tmp_path / "notes"))
    file = read_claim_file(path, templates())
    origin = file.read_from
    assert origin is not None

    def recalled() -> outlines.FileOutline | None:
        return outlines.recalled_outline(notes, path, Path(origin.root), tuple(map(Path, origin.allowed)))

    passing = replace(
        file, read_from=replace(origin, seen=FilesSeen(dict(origin.seen.states), lasting=False))
    )
    assert outlines.FileOutline.of(passing).key == ""
    text = read_claim_text(path.read_text(), templates(), world.folder)
    for other in (passing, text):
        outlines.keep_outline(notes, other)
        assert notes.recall(("outline", str(other.path))) is None
    outlines.keep_outline(notes, file)
    assert recalled() == outlines.FileOutline.of(file) != outlines.FileOutline.of(passing)
    rest = {name: state for name, state in origin.seen.states.items() if name != str(path)}
    outlines.keep_outline(notes, replace(file, read_from=replace(origin, seen=FilesSeen(rest))))
    assert recalled() is None  # nothing says what the file itself was


def test_an_object_is_never_answered_by_what_was_judged_before(world: World) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from neuronclaims.models.bringing.handed import LoadedModel

    folder = world.folder / "model"
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    loaded = LoadedModel(model, AutoTokenizer.from_pretrained(folder))
    assert [world.times(models={"model": loaded}) for _ in range(2)] == [1, 1]
    assert world.times() == 0


def test_what_graders_find_is_never_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    @grader
    def long_enough(text: str) -> bool:
        return len(text) > 3

    asked = {"claim": "ablating neuron 2:340 raises continuations graded by long_enough in hanoi"}
    write(
        world.folder,
        claims=[
            {**asked, "tokens": "last of prompt", "generate": {"max_new_tokens": 1}, "expect": "inconclusive"}
        ],
    )
    assert [world.times() for _ in range(2)] == [1, 1]


def test_a_claim_that_could_not_be_measured_is_tried_again_and_one_refused_by_its_content_is_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = {"id": "wide", "claim": "neuron 2:5000 activates more for hanoi than rest"}
    write(world.folder, claims=[CLAIMS[0], refused])
    assert world.times() == 1
    known = world.judge()
    assert world.judged == 1
    assert known["wide"].error is not None
    assert "5000" in known["wide"].error
    from neuronclaims.kinds.two_sample import contrast

    def no_memory(*_: object) -> None:
        raise MeasurementError("out of memory")

    write(world.folder, claims=[CLAIMS[0]], seed=3)
    with monkeypatch.context() as patch:
        patch.setattr(type(contrast.KIND), "judge", no_memory)
        assert world.times() == 1
    assert world.times() == 1
    assert world.times() == 0


def damaged(world: World) -> None:
    for path in world.notes:
        path.write_bytes(path.read_bytes()[:-1] + b" ")


def cut(world: World) -> None:
    for path in world.notes:
        path.write_bytes(path.read_bytes()[:100])


def of_others(body: object) -> Callable[[World], None]:
    """Write notes of other content, checksum and all, as somebody could who knows how."""
    from neuronclaims.cache.notes import checksum

    def change(world: World) -> None:
        for path in world.notes:
            data = zlib.compress(body if isinstance(body, bytes) else json.dumps(body).encode())
            path.write_bytes(checksum(data) + b"\n" + data)

    return change


def altered(*keys: object, value: object) -> Callable[[World], None]:
    """Change one thing deep inside the notes that have it, with the right checksum."""
    from neuronclaims.cache.notes import checksum, content_of

    def change(world: World) -> None:
        for path in world.notes:
            content = inner = content_of(path)
            if keys[0] in content:
                for key in keys[:-1]:
                    inner = inner[key]
                inner[keys[-1]] = value
                data = zlib.compress(json.dumps(content).encode())
                path.write_bytes(checksum(data) + b"\n" + data)

    return change


def test_who_asks_for_fresh_verdicts_gets_rid_of_old_ones(world: World) -> None:
    right = world.judge()["plain"].reason
    altered("results", "model", "plain", "reason", value="an old reason")(world)
    assert world.judge()["plain"].reason == "an old reason"
    assert world.judge(verdicts="fresh")["plain"].reason == right
    assert world.judge()["plain"].reason == right
    assert world.judged == 1


def linked(world: World) -> None:
    for path in world.notes:
        aside = world.folder / path.name
        path.rename(aside)
        path.symlink_to(aside)


def folder_linked(world: World) -> None:
    (world.cache / "verdicts").rename(world.folder / "verdicts")
    (world.cache / "verdicts").symlink_to(world.folder / "verdicts")


def open_to_all(world: World) -> None:
    for path in world.notes:
        path.chmod(0o666)


def huge(world: World) -> None:
    for path in world.notes:
        with path.open("r+b") as file:
            file.truncate(1 << 40)


def pipes(world: World) -> None:
    for path in world.notes:
        path.unlink()
        os.mkfifo(path)


SPOILT: dict[str, Callable[[World], None]] = {
    "one byte": damaged,
    "cut short": cut,
    "empty": lambda world: [path.write_bytes(b"") for path in world.notes] and None,
    "no JSON": of_others(b"no JSON"),
    "another form": of_others({"form": 99}),
    "a list": of_others([1, 2]),
    "deep": of_others(b"[" * 100_000 + b"]" * 100_000),
    "of another claim": altered("results", "model", "plain", "id", value="other"),
    "no result": altered("results", "model", "plain", value={"id": "plain"}),
    "a verdict that there is not": altered("results", "model", "plain", "verdict", value="proven"),
    "a claim less": altered("results", "model", value={}),
    "links": linked,
    "a linked folder": folder_linked,
    "huge": huge,
    "much in little": of_others(b"[" + b"0," * 35_000_000 + b"0]"),
    "pipes": pipes,
}


@pytest.mark.parametrize("what", SPOILT)
def test_spoilt_notes_are_no_notes_and_no_error(world: World, what: str) -> None:
    SPOILT[what](world)
    found = world.judge()
    assert world.judged == 1
    assert {result.verdict for result in found.values()} <= {"supported", "refuted", "inconclusive"}


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there are no such rights here")
def test_notes_that_others_may_write_are_not_read_unless_they_are_trusted(world: World) -> None:
    open_to_all(world)
    assert world.times(trust_cache=True) == 0
    assert [world.times(), world.times()] == [1, 0]  # those that are written in their place are ours
    world.shards[0].chmod(0o666)
    assert world.times(trust_cache=True) == 0
    with pytest.warns(match="trust"):
        assert [world.times(), world.times()] == [1, 1]  # of values that others may write nothing is known


@pytest.mark.parametrize(
    ("now", "grown"),
    [
        (["folder", "key", "name", [["a"], ["b"]]], True),
        (["folder", "key", "name", [["a"], ["b"], ["c"]]], True),
        (["folder", "key", "name", [["b"], ["c"]]], False),
        (["folder", "key", "another", [["a"], ["b"]]], False),
        (["elsewhere", "key", "name", [["a"], ["b"]]], False),
        (["folder", "other", "name", [["a"], ["b"]]], False),
    ],
)
def test_values_may_be_added_while_a_file_is_judged_and_nothing_else_may_change(now, grown) -> None:
    before = {"model": ["folder", "key", "name", [["a"], ["b"]]]}
    assert _grown(before, {"model": now}) is grown


def test_verdicts_of_a_series_are_known_together(world: World) -> None:
    (world.folder / "other").symlink_to("model")
    write(world.folder, models=["model", "other"], series="closed")
    from neuronclaims.judging import series

    calls: list[object] = []
    real = series.judge_series
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(series, "judge_series", lambda *args: calls.append(args) or real(*args))
        first = world.judge()
        second = world.judge()
        assert len(calls) == 1
        assert {name: each.look for name, each in first.items()} == {
            name: each.look for name, each in second.items()
        }
        tensor("model/model.safetensors", "transformer.wte.weight")(world, patch)
        world.judge()
        assert len(calls) == 2


def test_a_model_that_a_series_does_not_name_is_known_by_itself(world: World) -> None:
    for name in ("first", "second"):
        (world.folder / name).symlink_to("model")
    write(world.folder, models=["first", "second"], series="closed")
    assert [world.times(), world.times()] == [1, 0]


def test_values_whose_verdicts_are_read_back_count_as_used(world: World) -> None:
    world.judge()
    abouts = list(world.cache.rglob(layout.ABOUT))
    assert abouts
    for path in abouts:
        os.utime(path, (1, 1))
    assert world.times() == 0
    assert max(path.stat().st_mtime for path in abouts) > 1


def test_maintenance_lists_checks_and_removes_notes(world: World) -> None:
    from neuronclaims.cache import maintenance

    cache = run_cache.RunCache(world.cache)
    assert maintenance.foreign(cache) == []
    kept = maintenance.notes(cache)
    assert kept.files
    assert set(kept.files) == set(world.notes)
    world.notes[0].write_bytes(b"no")
    (world.cache / "verdicts" / "mine.txt").write_text("mine")
    count, wrong = maintenance.verify(cache)
    assert count == len(kept.files) + len(world.shards)
    assert [str(kept.files[0])[-20:] in line or str(kept.files[-1])[-20:] in line for line in wrong] == [True]
    assert maintenance.foreign(cache) == [world.cache / "verdicts" / "mine.txt"]
    shards = world.shards
    size = sum(path.stat().st_size for path in shards)
    assert maintenance.prune(cache, max_size=size).files == len(kept.files) - 1
    assert world.shards == shards
    assert world.times() == 1  # from the values, which are kept
    for path in world.notes:
        os.utime(path, (1, 1))
    assert maintenance.prune(cache, older_than=60).files >= 2
    world.judge()
    maintenance.clear(cache)
    assert world.notes == []
    assert (world.cache / "verdicts" / "mine.txt").read_text() == "mine"


def test_notes_make_room_for_new_ones(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neuronclaims.cache.notes.MOST_NOTES", 4)
    for seed in range(1, 5):
        world.study().judge(
            read_claim_text(
                json.dumps({**HEAD, "claims": CLAIMS[:1], "seed": seed}), templates(), world.folder
            ),
            "model",
        )
    assert len(world.notes) == 4
    monkeypatch.setattr("neuronclaims.cache.notes.LARGEST", 100)
    write(world.folder, seed=9)
    assert [world.times(), world.times()] == [1, 1]


OPENED: list[str] = []
LISTENING: list[bool] = []


def listen(event: str, args: tuple[object, ...]) -> None:
    if LISTENING and event == "open" and isinstance(args[0], (str, bytes, os.PathLike)):
        OPENED.append(os.path.abspath(os.fsdecode(args[0])))


def test_every_file_that_is_opened_by_reading_and_judging_is_one_that_verdicts_are_known_by(
    world: World,
) -> None:
    sys.addaudithook(listen)  # for as long as Python runs; it hears nothing outside of this test
    LISTENING.append(True)
    try:
        file = read_claim_file(world.folder / "x.claims.yaml", templates())
        study = world.study(verdicts="fresh")
        assert all(result.error is None for result in study.judge(file, "model").values())
    finally:
        LISTENING.clear()
    assert file.read_from is not None
    own = {path for path in OPENED if Path(path).is_relative_to(world.folder)}
    elsewhere = (world.cache, world.folder / "model")  # which are compared as the values and as the model
    read = {path for path in own if not any(Path(path).is_relative_to(folder) for folder in elsewhere)}
    marks = {
        "pyproject.toml",
        "setup.cfg",
        "tox.ini",
        "pytest.ini",
    }  # looked for to find the project, known by its path
    assert {path for path in read if Path(path).name not in marks} <= file.read_from.seen.states.keys()
    names = {Path(path).name for path in read}
    assert {"x.claims.yaml", "hanoi.csv", "rest.csv", "picked.csv", "way.safetensors", "cfg.json"} <= names
    assert "sae_weights.safetensors" in names


def test_the_state_of_all_code_changes_with_that_of_packages_which_bring_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a Python of its own, since a package is looked at once."""
    (tmp_path / "bringing").mkdir()
    (tmp_path / "bringing" / "__init__.py").write_text("KIND = 1\n")
    (tmp_path / "bringing" / "table.json").write_text("{}")
    info = tmp_path / "bringing-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bringing\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[neuronclaims.kinds]\nx = bringing:KIND\n")

    def state() -> str:
        code = "from neuronclaims.kept.code import code_and_libraries; print(code_and_libraries())"
        path = os.pathsep.join([str(tmp_path), *sys.path])
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    found = [state(), state()]
    assert found[0] == found[1]
    (tmp_path / "bringing" / "__init__.py").write_text("KIND = 2\n")
    found.append(state())
    (tmp_path / "bringing" / "table.json").write_text("[]")
    found.append(state())
    (tmp_path / "other-2.dist-info").mkdir()
    found.append(state())
    assert len(set(found)) == 4


def test_groups_through_which_packages_bring_something_are_all_known() -> None:
    """Those of report writers aside: no verdict depends on them."""
    from neuronclaims.kept.code import GROUPS

    package = Path(run_cache.__file__).parents[1]
    named = re.compile(r'^(?:ENTRY_POINTS|GROUP|\w*GROUP\w*) = "neuronclaims\.(\w+)"', re.MULTILINE)
    found = {
        name for path in package.rglob("*.py") for name in named.findall(path.read_text(encoding="utf-8"))
    }
    assert found - {"report_writers"} == set(GROUPS)
