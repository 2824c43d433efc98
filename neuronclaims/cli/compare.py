"""``neuronclaims compare OLD NEW [--fail-on lost,weaker:20%]``: two baselines, or two reports, set side by side."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuronclaims.baselines.policy import Policy
    from neuronclaims.baselines.sets import Comparison
    from neuronclaims.cli import Commands

COLOURS = {"held": "green", "lost": "red", "weaker": "yellow", "missing": "red", "untestable": "red"}


def add(commands: Commands) -> None:
    """Add the command."""
    text = "say what became of each claim of one baseline (or claims.json) in another"
    command = commands.add_parser("compare", help=text, description=f"{text[0].upper()}{text[1:]}.")
    for name, which in (("old", "the earlier file"), ("new", "the later one")):
        command.add_argument(name, metavar=name.upper(), help=f"{which}, or a baseline's name")
    command.add_argument(
        "--fail-on",
        default="nothing",
        metavar="WORDS",
        help="exit with 1 for these: lost,weaker:20%%,missing",
    )
    command.add_argument("--all", action="store_true", help="list the claims that held too")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from neuronclaims.baselines.policy import parse_policy
    from neuronclaims.baselines.sets import compare, read_any

    policy = parse_policy(options.fail_on)
    old, new = (read_any(_file(word)) for word in (options.old, options.new))
    found = compare(old, new, policy)
    _show(found, policy, everything=options.all)
    return int(any(policy.fails(drift.status) for drift in found.drifts.values()))


def _file(word: str) -> Path:
    """Return the file that a word names: a path, or a baseline in one of the folders found here."""
    from neuronclaims.baselines.reading import find, is_path

    here = Path.cwd()
    return find(word, here if is_path(word) else homes(here)[0], here)


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
    from rich.table import Table
    from rich.text import Text

    from neuronclaims.baselines.policy import STATUSES, tally
    from neuronclaims.cli.output import say_styled
    from neuronclaims.foreign_text import one_line, visible

    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=False)
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=2)
    table.add_column(overflow="fold", ratio=3)
    order = sorted(found.drifts.items(), key=lambda pair: (STATUSES.index(pair[1].status), pair[0]))
    for name, drift in order:
        if everything or drift.status not in ("held", "new") or policy.fails(drift.status):
            word = Text(drift.status.upper(), style=COLOURS.get(drift.status, ""))
            table.add_row(word, Text(visible(name)), Text(one_line(drift.sentence)))
    with console.capture() as captured:
        for sentence in found.origins:
            console.print(Text(visible(sentence)))
        if table.row_count:
            console.print(table)
        console.print(tally((drift.status for drift in found.drifts.values()), policy))
    say_styled(captured.get().removesuffix("\n"))
