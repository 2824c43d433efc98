"""``neuronclaims rematch FILE --old MODEL --new MODEL [-k EXPR] [-o OUT] [--force]``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuronclaims.cli.claim_files import SUFFIXES
from neuronclaims.cli.groups import Without
from neuronclaims.cli.options import Force, RunFlags
from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError

if TYPE_CHECKING:
    from collections.abc import Set

    from neuronclaims.claim_files.claims import ClaimFile

EXAMPLES = ("neuronclaims rematch claims/cities.claims.yaml --old demo --new ./tuned",)
MODEL = "a model's name, or its folder from here"


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a claim file about the old model")],
    old: Annotated[str, typer.Option(metavar="MODEL", help=f"the model it is about: {MODEL}")],
    new: Annotated[str, typer.Option(metavar="MODEL", help=f"the model to look in: {MODEL}")],
    out: Annotated[
        Path | None,
        typer.Option("-o", metavar="OUT", help="the file to write (default: x.rematched.claims.yaml)"),
    ] = None,
    force: Force = False,
    *,
    flags: Annotated[RunFlags, Without("models", "cache", "engine", "trust_cache", "memory", "store")],
) -> int:
    """Look in a new model for the neurons that a claim file names.

    Neurons are recognised by their values token by token, on half of the file's prompts; each claim is then tested on
    the other half. A file about the new model is written beside the old one, its comments kept.
    """
    from neuronclaims.claim_files.prompt_folders import PromptFolders as Folders
    from neuronclaims.claim_files.reader import read_claim_file
    from neuronclaims.kinds import templates
    from neuronclaims.rematch import TwoModels, beside, rematch, write
    from neuronclaims.rematch.table import table

    folders = Folders.around(file, flags.allowed.folders)
    read = read_claim_file(file, templates(), folders)
    models = TwoModels(old, new, Path.cwd(), download=flags.download)
    out = out or beside(file)
    _check_out(out, force)
    done = rematch(
        read,
        models,
        only=_chosen(read, flags.matching),
        options=flags.load.options,
        report=lambda text: say(f"{text} ...", file=sys.stderr),
    )
    say(*table(done))
    count = write(read, done, out, models, force=force, folders=folders)
    say(f"{out} written: {count} of {len(read.claims)} claims")
    return 0


def _check_out(out: Path, force: bool) -> None:
    """Refuse, before any model is loaded, a file that could not be written or that pytest would not collect."""
    if not out.name.endswith(SUFFIXES):
        raise NeuronClaimsError(f"{out.name} would be no claim file: let its name end in .claims.yaml.")
    if not out.parent.is_dir():
        raise NeuronClaimsError(f"There is no folder {out.parent} to write {out.name} to.")
    if out.exists() and not force:
        raise NeuronClaimsError(
            f"{out} is there already: choose another with -o, or overwrite it with --force."
        )


def _chosen(file: ClaimFile, expression: str) -> Set[str]:
    """Return the ids of the claims that an expression matches."""
    from neuronclaims.cli.chosen import chooser

    chooses = chooser(expression)
    chosen = {claim.id for claim in file.claims if chooses(claim.id)}
    if not chosen:
        raise NeuronClaimsError(f"-k {expression!r} matches no claim of {file.path}.")
    return chosen
