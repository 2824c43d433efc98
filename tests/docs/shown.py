"""What a page of the documentation shows, and what comes of it: files, commands with their output, and Python.

A block with a title is a file (```` ```yaml title="places.claims.yaml" ````), ``console`` holds commands, each after
``$ ``, with what they print, and ``pycon`` holds examples as doctest knows them. The blocks of a page are run in their
order, in one folder with nothing in it but what the page's comments name (``blocks.py``). ``...`` stands for anything;
numbers may differ as rounding differs between machines.

    python tests/docs/shown.py docs/start.md      writes what the commands print now into the page
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blocks import ROOT, blocks_of, folder_of

sys.path.insert(0, str(ROOT / "tests"))

from forked import run_pytest
from thorough import THOROUGH

DRAWN = re.compile(r"[▁▂▃▄▅▆▇█─]+|={3,}")
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
MACHINE = re.compile(r"^(?:hypothesis profile|platform|rootdir|configfile|plugins|cachedir)[: ].*\n", re.M)
QUIET = ("-p", "no:xdist", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
WIDTH = "88"
HOME = "/home/me/work"
"""What pages call the folder in which they are run."""
UNSET = ("CI", "BUILD_NUMBER", "PYTEST_ADDOPTS", "FORCE_COLOR", "PY_COLORS", "GITHUB_STEP_SUMMARY")
"""Variables of the environment that change what pytest and this package print."""
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Shown:
    """One command of a page with the output that stands there and the one that it gave, and its exit status."""

    command: str
    said: str
    given: str
    status: int


def run_page(page: Path, folder: Path) -> Iterator[Shown]:
    """Run what a page shows in a folder, and give each command or example with what came of it."""
    names: dict[str, object] = {}
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for path in folder_of(page):
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(path, copy) if path.is_dir() else shutil.copy(path, copy)
    for block in blocks_of(page):
        if block.reason or (block.mark == "thorough" and not THOROUGH):
            continue
        if block.title is not None:
            path = folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            if path.name == "pyproject.toml":
                install(path)
        elif block.language == "console":
            for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
                command, _, said = part.partition("\n")
                status, given = run_command(command, folder)
                given = given.replace(str(folder.resolve()), HOME).replace(str(folder), HOME)
                yield Shown(command, said, given, status)
        elif block.language == "pycon":
            yield run_examples(block.text, names, folder)


def install(path: Path) -> None:
    """Make the entry points of a pyproject.toml known to Python, as ``pip install`` does."""
    text = path.read_text(encoding="utf-8")
    info = path.parent / "shown-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shown\nVersion: 1\n", encoding="utf-8")
    groups = re.findall(r'^\[project\.entry-points\."([\w.]+)"\]\n((?:[^\[\n].*\n)*)', text, re.M)
    lines = [f"[{group}]\n{entries}".replace('"', "") for group, entries in groups]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")


def run_command(command: str, folder: Path) -> tuple[int, str]:
    """Run a command of a page in its folder; return its exit status and what it printed."""
    words = shlex.split(command, comments=True)
    given = {}
    while re.match(r"[A-Z_]+=", words[0]):
        name, _, given[name] = words.pop(0).partition("=")
    environment = {name: value for name, value in os.environ.items() if name not in UNSET} | {
        "COLUMNS": WIDTH,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "NO_COLOR": "1",
        **given,
    }
    if words[0] == "pytest":
        done = run_pytest(folder, [*QUIET, *words[1:]], environment)
        return done.returncode, MACHINE.sub("", done.stdout)
    if words[0] == "neuronclaims":
        return run_cli(words[1:], folder)
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def run_cli(words: list[str], folder: Path) -> tuple[int, str]:
    """Run a command of neuronclaims in this process, which has imported what it needs."""
    from neuronclaims.cli import main

    printed = io.StringIO()
    kept = {name: os.environ.pop(name, None) for name in ("COLUMNS", "NO_COLOR", *UNSET)}
    os.environ.update(COLUMNS=WIDTH, NO_COLOR="1")
    try:
        with inside(folder), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                status = main(words)
            except SystemExit as left:  # wrong words on the command line
                status = int(left.code or 0)
    finally:
        for name, value in kept.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
    return status, printed.getvalue()


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def run_examples(text: str, names: dict[str, object], folder: Path) -> Shown:
    """Run examples as doctest does; names live on from block to block of a page."""
    test = doctest.DocTestParser().get_doctest(text, names, "page", None, None)
    printed = io.StringIO()
    with inside(folder):
        result = doctest.DocTestRunner(Checker(), optionflags=FLAGS).run(
            test, out=printed.write, clear_globs=False
        )
    names.update(test.globs)
    return Shown(text, "", printed.getvalue(), result.failed)


class Checker(doctest.OutputChecker):
    """Takes an output for the one shown where it differs as rounding differs."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        """Tell whether an output is the one that stands in the page."""
        return super().check_output(want, got, optionflags) or agrees(
            want.replace(doctest.BLANKLINE_MARKER, ""), got
        )


def agrees(said: str, given: str) -> bool:
    """Whether an output is the one that stands in the page, but for what ``...`` stands for and for rounding.

    >>> agrees("p 0.0123, n 5\\n...\\ndone", "p 0.0124, n 5\\nmuch\\nmore\\ndone")
    True
    >>> agrees("n 5", "n 6")
    False
    """
    parts = [DRAWN.sub("", part).split() for part in re.split(r"(?:^|(?<=\s))\.\.\.(?=\s|$)", said)]
    words = DRAWN.sub("", given).split()
    place = 0
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        starts = range(place, len(words) - len(part) + 1) if number else [0]
        if last and number and part:
            starts = range(max(place, len(words) - len(part)), len(words) - len(part) + 1)
        found = next((at for at in starts if _alike(part, words[at : at + len(part)])), None)
        if found is None:
            return False
        place = found + len(part)
    return place == len(words) or (not parts[-1] and len(parts) > 1)


def _alike(said: list[str], given: list[str]) -> bool:
    return len(said) == len(given) and all(_same(*pair) for pair in zip(said, given, strict=True))


def _same(said: str, given: str) -> bool:
    """Whether two words are the same, decimals to within 5 % and times whatever they are."""
    if said == given:
        return True
    if NUMBER.sub("#", said) != NUMBER.sub("#", given):
        return False
    for one, other in zip(NUMBER.findall(said), NUMBER.findall(given), strict=True):
        if one == other:
            continue
        if "." not in one and "e" not in one:
            return False
        if not _near(float(one.replace(",", "")), float(other.replace(",", ""))):
            return bool(re.fullmatch(r"\d+\.\d+s", said))
    return True


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= 0.05 * max(abs(one), abs(other)) + 0.011


def rewrite(page: Path) -> None:
    """Put what the commands of a page print now into it."""
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for shown in run_page(page, Path(folder)):
            if shown.said or not shown.command.startswith(">>>"):
                old = f"$ {shown.command}\n{shown.said}"
                if "..." not in shown.said.split():
                    text = text.replace(old, f"$ {shown.command}\n{shown.given.strip(chr(10))}\n", 1)
            elif shown.status:
                print(shown.given)
    text = re.sub(r" +$", "", text, flags=re.M)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tools"))
    for name in sys.argv[1:]:
        rewrite(Path(name))
