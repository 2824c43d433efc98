"""``neuronclaims accept [--only-new] [-k EXPR]``: take the last compared run into its baseline."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuronclaims.baselines.rows import Baseline
    from neuronclaims.commands import Commands

CACHE = ".neuronclaims"


def add(commands: Commands) -> None:
    """Add the command."""
    text = "take the rows of the last run that was compared into its baseline; rows of other claims stay as they are"
    command = commands.add_parser("accept", help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.add_argument(
        "--only-new", action="store_true", help="only claims that the baseline does not have yet"
    )
    command.add_argument(
        "-k", metavar="EXPR", default="", help="only claims whose names match, as with pytest -k"
    )
    command.add_argument(
        "--cache", type=Path, metavar="DIR", help=f"the cache (default: the nearest {CACHE})"
    )
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from neuronclaims.baselines.reading import read_baseline
    from neuronclaims.baselines.saved import save
    from neuronclaims.commands.chosen import chooser

    chosen = chooser(options.k)
    path, run = _last(_file(options.cache))
    known = read_baseline(path)
    rows = {
        name: row
        for name, row in run.rows.items()
        if chosen(name) and not (options.only_new and name in known.rows)
    }
    changed = [name for name, row in rows.items() if known.rows.get(name) != row]
    save(path, rows, run.environments)
    new = sum(name not in known.rows for name in rows)
    print(
        f"{path}: {new} claims added, {len(changed) - new} changed, {len(rows) - len(changed)} as they were"
    )
    return 0


def _file(cache: Path | None) -> Path:
    from neuronclaims.baselines.rows import BaselineError

    here = Path.cwd()
    folders = [cache] if cache else [folder / CACHE for folder in (here, *here.parents)]
    found = next(
        (folder / "compared.json" for folder in folders if (folder / "compared.json").is_file()), None
    )
    if found is None:
        raise BaselineError(
            f"No run was compared yet in {here} or above it: run pytest --claims-compare first "
            "(with --cache=DIR where its values are kept elsewhere)."
        )
    return found


def _last(file: Path) -> tuple[Path, Baseline]:
    """Return the baseline that was compared with, and the rows of that run."""
    from neuronclaims.baselines.reading import parse_baseline, read_json
    from neuronclaims.baselines.rows import BaselineError

    data = read_json(file)
    try:
        path, run = Path(data["baseline"]), json.loads(data["run"])
    except (KeyError, TypeError, ValueError):
        raise BaselineError(f"{file} is damaged: run pytest --claims-compare again.") from None
    return path, parse_baseline(file, run)
