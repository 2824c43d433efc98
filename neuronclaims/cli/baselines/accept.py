"""``neuronclaims accept [--only-new] [-k EXPR]``: take the last compared run into its baseline; or ``--prune`` it."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuronclaims.cli.options import Cache, Matching
from neuronclaims.cli.output import say
from neuronclaims.foreign_text import harmless, one_line

if TYPE_CHECKING:
    from neuronclaims.baselines.rows import Baseline, SavedClaim
    from neuronclaims.cli.chosen import Chooses

EXAMPLES = (
    "neuronclaims accept",
    "neuronclaims accept claims/example.claims.yaml::hanoi",
    "neuronclaims accept --only-new",
    "neuronclaims accept --prune",
)


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run that was compared: with which baseline, its rows, and the hashes of rows that had no claim.

    ``missing`` is None where that is not known, since only a part was run.
    """

    path: Path
    run: Baseline
    missing: Mapping[str, str] | None


def run(
    claims: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE::ID]...", help="only these claims (default: all of the run)", show_default=False
        ),
    ] = None,
    matching: Matching = "",
    only_new: Annotated[
        bool, typer.Option("--only-new", help="only claims that the baseline does not have yet")
    ] = False,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            help="instead, show the rows that this run, of all claims, reported as missing, and take them out "
            "when told to",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="with --prune: take them out without asking")] = False,
    cache: Cache = None,
) -> int:
    """Take the last compared run into its baseline, or take rows out of it.

    Rows of other claims stay as they are. A run is compared by pytest --claims-compare.
    """
    from neuronclaims.baselines.aligned import aligned, files_in
    from neuronclaims.baselines.reading import read_baseline
    from neuronclaims.cli.chosen import chooser

    _check(prune=prune, only_new=only_new, yes=yes)
    last = _last(_file(cache))
    known = aligned(read_baseline(last.path), files_in(last.run.rows))
    chosen = _both(chooser(matching), _named(claims or [], [*last.run.rows, *known.rows]))
    if prune:
        gone = {name: row for name, row in _gone(last, known).items() if chosen(name)}
        return _prune(last.path, known, gone, sure=yes)
    rows = {
        name: row
        for name, row in last.run.rows.items()
        if chosen(name) and not (only_new and name in known.rows)
    }
    return _accept(last, known, rows)


def _both(one: Chooses, two: Chooses) -> Chooses:
    return lambda name: one(name) and two(name)


def _named(claims: Sequence[str], rows: Collection[str]) -> Chooses:
    """Return what chooses the rows of some claims, on all models where none is named. Raises NoSuchClaimError."""
    from neuronclaims.naming import ClaimName, Wanted

    if not claims:
        return lambda _: True
    names = list(dict.fromkeys(map(ClaimName.parse, rows)))
    found: set[str] = set()
    for text in claims:
        wanted = Wanted.parse(text)
        some = wanted.among(names)
        if len({(name.file, name.id) for name in some}) != 1:
            some = [wanted.one(names, "The run")]
        found |= set(map(str, some))
    return found.__contains__


def _check(*, prune: bool, only_new: bool, yes: bool) -> None:
    from neuronclaims.baselines.rows import BaselineError

    if prune and only_new:
        raise BaselineError("--prune takes rows out and --only-new puts some in: run accept once for each.")
    if yes and not prune:
        raise BaselineError("--yes goes with --prune alone: nothing else is asked about.")


def _accept(last: LastRun, known: Baseline, rows: Mapping[str, SavedClaim]) -> int:
    from neuronclaims.baselines.saved import save

    rows = {name: _as_known(row, known.rows.get(name)) for name, row in rows.items()}
    changed = [name for name, row in rows.items() if known.rows.get(name) != row]
    save(last.path, rows, last.run.environments)
    new = sum(name not in known.rows for name in rows)
    kept = len(rows) - len(changed)
    say(f"{last.path}: {new} claims added, {len(changed) - new} changed, {kept} as they were")
    return 0


def _as_known(row: SavedClaim, known: SavedClaim | None) -> SavedClaim:
    """Return the row that is known where a new one differs in that nobody measured the noise of its values again."""
    if known is None or row.values is None or known.values is None or row.values.noise is not None:
        return row
    same = replace(row, values=replace(row.values, noise=known.values.noise))
    return known if same == known else row


def _gone(last: LastRun, known: Baseline) -> dict[str, SavedClaim]:
    """Return the rows that have no claim any more and have not changed since that run. Raises BaselineError."""
    from neuronclaims.baselines.rows import BaselineError, fingerprint

    if last.missing is None:
        raise BaselineError(
            "The last run that was compared was of a part of the claims, or did not come to its end, so it cannot say "
            "which rows have no claim any more: run pytest --claims-compare on all claim files first."
        )
    return {
        name: row
        for name, row in known.rows.items()
        if name in last.missing and fingerprint(row) == last.missing[name]
    }


def _prune(path: Path, known: Baseline, gone: Mapping[str, SavedClaim], *, sure: bool) -> int:
    from neuronclaims.baselines.rows import Baseline
    from neuronclaims.baselines.saved import merge, text_of, write

    if not gone:
        say(f"{path}: every row has its claim; nothing to take out")
        return 0
    for name, row in gone.items():
        say(one_line(f"{name} - {row.sentence}"))
    rows = "the row" if len(gone) == 1 else f"these {len(gone)} rows"
    if not sure and not _agreed(f"Take {rows} out of {path}? [y/N] "):
        say(f"{path}: nothing was taken out; --yes takes {rows} out without asking")
        return 1
    left = {name: row for name, row in known.rows.items() if name not in gone}
    write(path, text_of(merge(Baseline({}, {}), left, known.environments)))
    say(f"{path}: {len(gone)} {'row' if len(gone) == 1 else 'rows'} taken out, {len(left)} left")
    return 0


def _agreed(question: str) -> bool:
    """Ask the user to confirm, if the input is a terminal."""
    if not sys.stdin.isatty():
        return False
    try:
        return input(harmless(question)).strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _file(cache: Path | None) -> Path:
    from neuronclaims.baselines.rows import BaselineError
    from neuronclaims.scripting.cache_folder import caches_above

    here = Path.cwd()
    folders = [cache] if cache else caches_above(here)
    found = next(
        (folder / "compared.json" for folder in folders if (folder / "compared.json").is_file()), None
    )
    if found is None:
        raise BaselineError(
            f"No run was compared yet in {here} or above it: run pytest --claims-compare first "
            "(with --cache=DIR where its values are kept elsewhere)."
        )
    return found


def _last(file: Path) -> LastRun:
    from neuronclaims.baselines.reading import parse_baseline, read_json
    from neuronclaims.baselines.rows import BaselineError
    from neuronclaims.foreign_files import ForeignFileError, parse_json

    data = read_json(file)
    try:
        path, run, missing = (
            Path(data["baseline"]),
            parse_json(data["run"], "the run in it", once=True),
            data.get("missing"),
        )
        gone = None if missing is None else {str(name): str(hashed) for name, hashed in missing.items()}
        if not isinstance(run, dict):
            raise TypeError
    except (KeyError, TypeError, ValueError, AttributeError, ForeignFileError):
        raise BaselineError(f"{file} is damaged: run pytest --claims-compare again.") from None
    return LastRun(path, parse_baseline(file, run), gone)
