"""Read a baseline's names as a run has them: files of older versions, and of other folders, begin theirs elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from neuronclaims.baselines.rows import Baseline, SavedClaim
from neuronclaims.naming import marked_root
from neuronclaims.naming.prefixes import changed, prefix_between

FOLDER = ".baselines"
"""The folder of baselines, beside claim files."""


def files_in(rows: Collection[str]) -> list[str]:
    """Return the claim files of some rows by their names, each once."""
    return list(dict.fromkeys(name.split("::")[0] for name in rows))


def aligned(baseline: Baseline, files: Iterable[str]) -> Baseline:
    """Return a baseline whose rows are named as those of ``files``, if both name the same files from other folders.

    >>> from neuronclaims.baselines.rows import SavedClaim
    >>> old = Baseline({"x.claims.yaml::demo::hanoi": SavedClaim("", "", "", "", None)}, {})
    >>> list(aligned(old, ["claims/x.claims.yaml"]).rows)
    ['claims/x.claims.yaml::demo::hanoi']
    """
    prefix = prefix_between(files_in(baseline.rows), list(dict.fromkeys(files)))
    return baseline if prefix in (None, ("", "")) else _renamed(baseline, changed(prefix))


def from_folder(rows: Mapping[str, SavedClaim], path: Path) -> Mapping[str, SavedClaim]:
    """Return rows of a file of schema 1 by the names they have today.

    Such a file names claim files from the folder that its own folder lies in; where it does not lie in a folder of
    baselines of a project any more, that folder is not known, and the names stay.
    """
    home = path.absolute().parent
    root = marked_root(home) if home.name == FOLDER else None
    if root is None or home.parent == root:
        return rows
    rename = changed(("", f"{home.parent.relative_to(root).as_posix()}/"))
    return {rename(name): row for name, row in rows.items()}


def _renamed(baseline: Baseline, rename: Callable[[str], str]) -> Baseline:
    rows = {rename(name): row for name, row in baseline.rows.items()}
    return replace(baseline, rows=rows) if len(rows) == len(baseline.rows) else baseline
