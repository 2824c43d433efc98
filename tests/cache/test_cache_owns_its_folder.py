"""A run cache reads, renames and removes only what it wrote; links are never followed, and what is foreign stays."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from cases import for_each

from neuronclaims.cache import layout
from neuronclaims.cache.context import Context
from neuronclaims.cache.maintenance import clear, contents, foreign, prune, verify
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.cache.trust import written_by_others
from neuronclaims.cli import main
from neuronclaims.measurements.activations import Pooled
from neuronclaims.measurements.errors import CacheError, RunWarning
from neuronclaims.models.sources import open_model

KEY = "0123456789abcdef" * 4
NEED = Pooled("resid_post", 0, "mean", "prompt", 0)
VALUES = {NEED: np.arange(12, dtype=np.float32).reshape(3, 4)}


@pytest.fixture
def cache(tmp_path: Path) -> RunCache:
    """A cache with one batch, and a folder of somebody's that looks like one of its own."""
    made = RunCache(tmp_path / "cache")
    fill(made)
    theirs = tmp_path / "theirs"
    Context(theirs, KEY, {}).write(("a", "b", "c"), VALUES)
    (theirs / "fingerprints").mkdir()
    (theirs / "fingerprints" / f"{0:032x}.json").write_text("{}")
    (theirs / "novel.txt").write_text("forty thousand words")
    return made


def fill(cache: RunCache) -> None:
    """Measure one batch, and remember one hash."""
    context = cache.context(KEY, {"model": "m"})
    assert context is not None
    context.write(("a", "b", "c"), VALUES)
    (cache.folder / "fingerprints").mkdir(exist_ok=True)
    (cache.folder / "fingerprints" / f"{1:032x}.json").write_text("{}")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def folder_of(cache: RunCache) -> Path:
    return cache.folder / "activations" / KEY[:32]


LINKS = {
    "activations": "theirs/activations",
    "fingerprints": "theirs/fingerprints",
    f"activations/{KEY[:32]}": f"theirs/activations/{KEY[:32]}",
    f"activations/{1:032x}": "theirs",
    f"activations/{KEY[:32]}/{1:032x}.safetensors": "theirs/novel.txt",
    f"activations/{KEY[:32]}/{1:032x}.tmp": "theirs/novel.txt",
    f"activations/{KEY[:32]}/{1:032x}.safetensors.damaged": "theirs",
    f"activations/{KEY[:32]}/context.json": "theirs/novel.txt",
    f"activations/{KEY[:32]}/measuring.lock": "theirs/novel.txt",
    f"fingerprints/{2:032x}.json": "theirs/novel.txt",
    f"{3:032x}.tmp": "theirs/novel.txt",
    ".gitignore": "theirs/novel.txt",
    "dangling": "theirs/nothing",
}


@for_each("place,target", list(LINKS.items()))
def test_no_link_inside_is_followed_by_any_command(cache, tmp_path, capsys, place, target) -> None:
    before = tree(tmp_path / "theirs")
    link = cache.folder / place
    if link.is_dir():
        for path in sorted(link.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        link.rmdir()
    link.unlink(missing_ok=True)
    link.symlink_to(tmp_path / target)
    try:
        for words in (["info"], ["verify"], ["prune", "--older-than", "0s", "--max-size", "0B"], ["clear"]):
            status = main(["cache", *words, "--cache", str(cache.folder)])
            said = capsys.readouterr()
            assert f"left alone: {link}, which is a link that the cache did not write" in said.out, words
            assert status == (0 if words[0] in ("info", "verify") else 1)
            assert link.is_symlink()
        assert tree(tmp_path / "theirs") == before
        assert not [path for path in layout.contexts(cache.folder) if layout.files(path, layout.SHARD)]
    finally:
        link.unlink()
        fill(cache)


def test_a_run_neither_reads_nor_writes_through_a_link_and_says_which_it_is(cache, tmp_path) -> None:
    before = tree(tmp_path / "theirs")
    for place in ("activations", f"activations/{KEY[:32]}"):
        link, away = cache.folder / place, tmp_path / "away"
        link.rename(away)
        link.symlink_to(tmp_path / "theirs" / place)
        with pytest.raises(CacheError, match=f"{link} is a link, and inside a cache no link is followed"):
            cache.context(KEY)
        with pytest.raises(CacheError, match="no link is followed"):
            Context(cache.folder, KEY).write(("x",), {NEED: VALUES[NEED][:1]})
        link.unlink()
        away.rename(link)
    own = Context(cache.folder, KEY)
    lock = folder_of(cache) / "measuring.lock"
    for make in (
        lambda: lock.symlink_to(tmp_path / "theirs" / "novel.txt"),
        lambda: lock.write_text("notes"),
    ):
        make()
        with pytest.raises(CacheError, match="is not the lock of a run"), own.measuring():
            pass
        assert lock.read_bytes() in (b"notes", b"forty thousand words")
        lock.unlink()
    (link,) = layout.files(folder_of(cache), layout.SHARD)
    aside, whole = link.with_name(f"{link.name}.damaged"), link.read_bytes()
    aside.symlink_to(tmp_path / "theirs" / "novel.txt")
    link.write_bytes(whole[:-1])
    with pytest.warns(RunWarning, match="is damaged"):
        assert own.read({NEED: ("a",)}) == {NEED: {}}
    assert verify(cache)[1]
    assert aside.is_symlink()
    link.write_bytes(whole)
    link.rename(tmp_path / "away")
    link.symlink_to(tmp_path / "away")
    assert own.read({NEED: ("a",)}) == {NEED: {}}
    own.write(("a", "b", "c"), VALUES)
    assert layout.is_file(link)  # the link was replaced, not what it led to
    (cache.folder / "fingerprints").rename(tmp_path / "fingerprints")
    (cache.folder / "fingerprints").symlink_to(tmp_path / "theirs" / "fingerprints")
    assert RunCache(cache.folder).fingerprints is None
    assert tree(tmp_path / "theirs") == before


def test_what_has_another_name_or_is_no_regular_file_is_named_and_left(cache, capsys) -> None:
    own = folder_of(cache)
    names = [
        "mine.safetensors",
        f"{1:031x}.safetensors",
        f"{1:032X}A.safetensors",
        f"{1:032x}.safetensors.bak",
        f"{1:032x}.safetensors\n",
        "x.tmp",
        "notes.damaged",
    ]
    theirs = [own / name for name in names]
    theirs += [cache.folder / "thesis.txt", cache.folder / "activations" / "data.csv"]
    theirs += [cache.folder / "fingerprints" / "print.json"]
    for path in theirs:
        path.write_bytes(b"mine")
    folders = [own / f"{2:032x}.safetensors", cache.folder / "activations" / "models", cache.folder / "sub"]
    for path in folders:
        path.mkdir()
        (path / f"{1:032x}.tmp").write_bytes(b"mine")
    pipe = own / f"{4:032x}.safetensors"
    os.mkfifo(pipe)
    assert set(foreign(cache)) == {*theirs, *folders, pipe}
    assert verify(cache) == (1, [])
    prune(cache, older_than=-1.0, max_size=0)
    assert main(["cache", "clear", "--cache", str(cache.folder)]) == 1
    said = capsys.readouterr().out
    assert said.count("left alone: ") == len(theirs) + len(folders) + 1
    assert "\n\n" not in said
    assert all(path.read_bytes() == b"mine" for path in theirs)
    assert all((path / f"{1:032x}.tmp").read_bytes() == b"mine" for path in folders)
    assert not list(cache.folder.rglob("context.json"))
    assert sorted(path.name for path in (cache.folder / "fingerprints").iterdir()) == ["print.json"]


def test_a_cache_may_itself_be_a_link_to_an_empty_folder_or_to_a_cache_and_to_nothing_else(tmp_path) -> None:
    for name in ("disk", "documents"):
        (tmp_path / name).mkdir()
        (tmp_path / f"to-{name}").symlink_to(tmp_path / name)
    (tmp_path / "documents" / "letter.txt").write_text("Dear")
    for _ in range(2):
        fill(RunCache(tmp_path / "to-disk"))
    assert contents(RunCache(tmp_path / "to-disk"))[0].prompts == 3
    assert (tmp_path / "disk" / "README.txt").is_file()
    assert clear(RunCache(tmp_path / "to-disk")).files == 1
    assert (tmp_path / "to-disk").is_symlink()
    astray = RunCache(tmp_path / "to-documents")
    with pytest.raises(CacheError, match=r"is a link to .*documents, where other things lie"):
        astray.context(KEY)
    assert astray.fingerprints is None
    with pytest.raises(CacheError, match="is no run cache"):
        clear(astray)
    assert tree(tmp_path / "documents") == {"letter.txt": b"Dear"}


@for_each("left", [b"", b"\0" * 900, layout.NOTE.encode()[:20], layout.NOTE.encode()[:20] + b"\0" * 99])
def test_notes_that_a_full_disk_left_empty_do_not_stop_a_command_and_are_written_again(cache, left) -> None:
    about = folder_of(cache) / "context.json"
    notes = {
        cache.folder / "README.txt": left,
        cache.folder / ".gitignore": left[:1] and b"\0\0",
        about: left,
    }
    whole = {path: path.read_bytes() for path in notes}
    for path, text in notes.items():
        path.write_bytes(text)
    assert contents(cache)[0].about is None
    assert main(["cache", "info", "--cache", str(cache.folder)]) == 0
    fill(cache)
    assert {path: path.read_bytes() for path in notes} == whole
    assert not list(cache.folder.rglob("*.tmp"))


def test_notes_of_others_are_kept_and_a_note_is_there_whole_or_not_at_all(tmp_path, monkeypatch) -> None:
    cache = RunCache(tmp_path)
    (tmp_path / "README.txt").write_text("My project")
    (tmp_path / ".gitignore").write_text("*.pyc\n")
    fill(cache)
    assert (tmp_path / "README.txt").read_text() == "My project"
    assert (tmp_path / ".gitignore").read_text() == "*.pyc\n"
    with pytest.raises(CacheError, match="is no run cache"):
        clear(cache)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CacheError, match="No space left on device"):
        fill(RunCache(tmp_path / "other"))
    assert list((tmp_path / "other").iterdir()) == []


HOSTILE = {
    "nested": b"[" * 100_000,
    "digits": b'{"model": ' + b"9" * 5_000 + b"}",
    "numbers": b'{"model": NaN, "dtype": 1, "device": null}',
    "a list": b"[1]",
    "no text": b"\xff\xfe\x00",
    "large": b" " * 10_000_000,
    "orders": b'{"model": "::set-output name=x::y\\u001b[2J\\n::add-mask::z", "dtype\\n::error::": "\\u202e"}',
}


@for_each("name", HOSTILE)
def test_a_hostile_context_or_shard_is_no_traceback_and_gives_no_orders(cache, capsys, name) -> None:
    (folder_of(cache) / "context.json").write_bytes(HOSTILE[name])
    (folder_of(cache) / f"{7:032x}.safetensors").write_bytes(HOSTILE[name])
    for action, status in (("info", 0), ("verify", 1), ("info", 0)):
        assert main(["cache", action, "--cache", str(cache.folder)]) == status
        lines = capsys.readouterr().out.splitlines()
        assert not [
            line for line in lines if line.lstrip().startswith("::") or "\x1b" in line or "\u202e" in line
        ]


def test_a_shard_whose_lists_are_none_is_damaged_and_measured_again(cache) -> None:
    from safetensors.numpy import save

    notes = {
        "format": "neuronclaims-activations-1",
        "context": KEY,
        "rows": '["r"]',
        "checksums": '{"t": "c"}',
    }
    tensor = {"t": np.zeros((1, 4), np.float32)}
    bad = [
        {"rows": "[[1], [1]]"},
        {"rows": '{"a": 1}'},
        {"rows": "[" * 90_000},
        {"rows": "[]"},
        {"rows": "[" + "1" * 5_000 + "]"},
        {"checksums": "[]"},
        {"checksums": '{"t": NaN}'},
        {"checksums": '{"t": ["c"]}'},
        {"context": "another"},
        {"context": ""},
    ]
    for number, changes in enumerate(bad):
        path = folder_of(cache) / f"{number:032x}.safetensors"
        path.write_bytes(save(tensor, metadata={**notes, **changes}))
    header = b'{"t":{"dtype":"F32","shape":[1,1000000000],"data_offsets":[0,4000000000]}}'
    with (folder_of(cache) / f"{99:032x}.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + 4_000_000_000)
    assert contents(cache)[0].prompts == 3
    count, damaged = verify(cache)
    assert (count, len(damaged)) == (len(bad) + 2, len(bad) + 1)
    assert verify(cache) == (1, [])


def test_remembered_hashes_are_neither_read_nor_written_through_links(tmp_path) -> None:
    source, memory, theirs = (
        open_model("demo", tmp_path),
        tmp_path / "cache" / "fingerprints",
        tmp_path / "mine",
    )
    before = os.umask(0)
    try:
        right = source.fingerprint(memory)
    finally:
        os.umask(before)
    assert written_by_others([memory.parent, memory, *memory.iterdir()]) is None
    (note,) = memory.iterdir()
    assert layout.REMEMBERED.fullmatch(note.name)
    forged = note.read_text().replace(right.weights, "0" * 64)
    theirs.write_text(forged)
    note.unlink()
    note.symlink_to(theirs)
    assert source.fingerprint(memory) == right
    note.unlink()
    note.with_suffix(f".{os.getpid()}.tmp").symlink_to(theirs)
    assert source.fingerprint(memory) == right
    assert theirs.read_text() == forged
    assert not note.exists()
    for hostile in ('{"files": 1}', "[]", "[" * 99_999, "\0", "{}"):
        note.write_text(hostile)
        assert source.fingerprint(memory) == right
