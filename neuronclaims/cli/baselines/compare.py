"""``neuronclaims compare OLD NEW [--fail-on lost,weaker:20%]``: two baselines, or two reports, set side by side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from neuronclaims.baselines.policy import Policy
    from neuronclaims.baselines.sets import Comparison

EXAMPLES = ("neuronclaims compare main reports/claims.json", "neuronclaims compare main tuned --fail-on=lost")
REPORT = "claims.json"
COLOURS = {"held": "green", "lost": "red", "weaker": "yellow", "missing": "red", "untestable": "red"}


def run(
    old: Annotated[str, typer.Argument(metavar="OLD", help="the earlier file, or a baseline's name")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="the later file, or a baseline's name")],
    fail_on: Annotated[
        str,
        typer.Option(metavar="WORDS", help="exit with 1 for these, such as: lost,weaker:20%,missing"),
    ] = "nothing",
    everything: Annotated[bool, typer.Option("--all", help="list the claims that held too")] = False,
) -> int:
    """Compare the claims of two baselines or reports.

    A report is the claims.json that pytest writes with --claims-report. Claims are known by FILE::MODEL::ID, with the
    file's path from the project's folder. Where the two have no claim in common, the exit status is 1.
    """
    from neuronclaims.baselines.policy import parse_policy
    from neuronclaims.baselines.sets import compare, read_any
    from neuronclaims.cli.output import say

    policy = parse_policy(fail_on)
    before, after = (read_any(_file(word, other)) for word, other in ((old, new), (new, old)))
    found = compare(before, after, policy)
    _show(found, policy, everything=everything)
    if found.nothing:
        say(f"neuronclaims: {found.nothing}", file=sys.stderr)
    return int(bool(found.nothing) or any(policy.fails(drift.status) for drift in found.drifts.values()))


def _file(word: str, other: str) -> Path:
    """Return the file that a word names: a path, the report in a folder, or a baseline in a folder found here.

    Where there is no baseline here, the folder of the ``other`` file is looked at, too.
    """
    from neuronclaims.baselines.reading import find, is_path
    from neuronclaims.baselines.rows import BaselineError

    here = Path.cwd()
    if (Path(word) / REPORT).is_file():
        return Path(word) / REPORT
    if is_path(word):
        return find(word, here, here)
    try:
        return find(word, homes(here)[0], here)
    except BaselineError:
        beside = Path(other).absolute().parent
        above = [folder for folder in (beside, *beside.parents[:2]) if _holds(folder)]
        if not is_path(other) or not above:
            raise
        return find(word, homes(above[0])[0], here)


def _holds(folder: Path) -> bool:
    """Say whether baselines are in a folder or in one below it."""
    from neuronclaims.baselines.reading import FOLDER

    return (folder / FOLDER).is_dir() or any(folder.glob(f"*/{FOLDER}"))


def homes(here: Path) -> list[Path]:
    """Return the folders of baselines below a folder, or else above it. Raises BaselineError if there are none."""
    from neuronclaims.baselines.reading import FOLDER
    from neuronclaims.baselines.rows import BaselineError

    below = sorted(folder for folder in (here / FOLDER, *here.glob(f"*/{FOLDER}")) if folder.is_dir())
    above = [folder / FOLDER for folder in here.parents if (folder / FOLDER).is_dir()]
    if not below and not above:
        raise BaselineError(
            f"There is no folder {FOLDER} in {here}, its folders, or above it: name the file of the baseline, "
            "or save one with pytest --claims-save."
        )
    return [*below, *above]


def _show(found: Comparison, policy: Policy, *, everything: bool) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from neuronclaims.baselines.policy import STATUSES, tally
    from neuronclaims.cli.output import say_styled
    from neuronclaims.foreign_text import one_line, visible

    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    order = sorted(found.drifts.items(), key=lambda pair: (STATUSES.index(pair[1].status), pair[0]))
    with console.capture() as captured:
        for sentence in found.origins:
            console.print(Text(visible(sentence)))
        for name, drift in order:
            if everything or drift.status not in ("held", "new") or policy.fails(drift.status):
                word = Text(drift.status.upper(), style=COLOURS.get(drift.status, ""))
                # A name is copied from here, so it has its line, however narrow the terminal is.
                console.print(word, Text(visible(name)), soft_wrap=True)
                console.print(Padding(Text(one_line(drift.sentence)), (0, 0, 0, 2), expand=False))
        console.print(tally((drift.status for drift in found.drifts.values()), policy))
    say_styled("\n".join(line.rstrip() for line in captured.get().splitlines()))
