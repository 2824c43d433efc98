"""``neuronclaims reproduce [NAME]``: a published finding put to its model, its number beside ours."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from neuronclaims.cli.groups import Without
from neuronclaims.cli.options import RunFlags
from neuronclaims.cli.output import say, say_styled, wrapped
from neuronclaims.errors import NeuronClaimsError

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import ClaimFile
    from neuronclaims.cli.runs.asked import Asked
    from neuronclaims.publications import FindingAccount
    from neuronclaims.reports.entry import Entry

EXAMPLES = (
    "neuronclaims reproduce",
    "neuronclaims reproduce german-neuron-pythia-70m --download",
    "neuronclaims reproduce entropy-neurons-gpt2 --model gpt2=./gpt2 --device cuda",
    "neuronclaims reproduce language-neurons-llama-2-7b --file LLaMA-2-7B.neuron.pth=lists/llama.pth",
)


def run(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", show_default=False, help="the entry of the gallery (default: list them)"
        ),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option(
            "--file",
            metavar="NAME=FILE",
            help="take what the entry calls NAME from this file, where it needs a file that is not in the gallery; "
            "can be given several times",
        ),
    ] = None,
    *,
    flags: Annotated[RunFlags, Without("engine", "prompt_folder", "trust_cache", "memory", "store")],
) -> int:
    """Test a published finding on its model, and show the reported number beside the number found here.

    Without NAME the entries of the gallery are listed. Nothing is downloaded unless --download says so; where a model
    is not on this machine, a sentence says how to get it.

    The exit status is 1 where a claim does not come out as its entry expects, or could not be tested.
    """
    from neuronclaims.cli.runs.asked import Asked, telling_warnings
    from neuronclaims.gallery.entries import gallery_entry
    from neuronclaims.naming import project_root

    if name is None:
        return _list()
    asked = Asked(project_root(Path.cwd()), flags)
    asked.check()
    with telling_warnings(), _with_files(gallery_entry(name), files or ()) as path:
        return _reproduced(path, asked)


def _list() -> int:
    from neuronclaims.claim_files.published.reading import read_account
    from neuronclaims.gallery.entries import gallery_entries

    for name, path in gallery_entries().items():
        account = read_account(path)
        told = (account.publication.in_short, account.ran or "") if account else ()
        say(
            name,
            *(wrapped(each, "    ") for each in told if each),
        )
    say("", "Put one to its model: neuronclaims reproduce NAME")
    return 0


@contextmanager
def _with_files(path: Path, given: list[str] | tuple[str, ...]) -> Iterator[Path]:
    """Yield an entry's claim file; with files of the user's own beside it, in a copy for the time of the run."""
    from neuronclaims.gallery.entries import gallery_folder

    if not given:
        yield path
        return
    with TemporaryDirectory(prefix="neuronclaims-") as folder:
        home = gallery_folder()
        copy = Path(folder).resolve() / "published"
        shutil.copytree(home, copy)
        at = copy / path.relative_to(home)
        for line in given:
            name, equals, where = (part.strip() for part in line.partition("="))
            if not (name and equals and where) or Path(name).name != name:
                raise NeuronClaimsError(
                    f"--file: {line!r} is no NAME=FILE: write the name as the entry has it, '=' and your file."
                )
            source = Path(where).expanduser()
            if not source.is_file():
                raise NeuronClaimsError(f"--file: there is no file {source} for {name!r}.")
            try:
                shutil.copyfile(source, at.parent / name)
            except OSError as error:
                raise NeuronClaimsError(f"--file: {source} cannot be read: {error.strerror}.") from None
        yield at


def _reproduced(path: Path, asked: Asked) -> int:
    from neuronclaims.claim_files.errors import ClaimFileError
    from neuronclaims.claim_files.prompt_folders import PromptFolders
    from neuronclaims.engines.measure import measure_each
    from neuronclaims.reports.account import Account
    from neuronclaims.reports.entry import in_order
    from neuronclaims.reports.terminal.writer import draw
    from neuronclaims.scripting.progress_bar import ProgressBar

    try:
        file = asked.read(path, PromptFolders(_top(path)))
    except ClaimFileError as error:
        if _top(path) == path.parent:
            raise
        raise NeuronClaimsError(
            f"{error}\nGive a file that the gallery does not have: --file NAME=FILE"
        ) from None
    if file.source:
        say(*_told(file.source), "")
    if not any(asked.chooses(claim.id) for claim in file.claims):
        raise NeuronClaimsError(f"-k {asked.said.matching!r} matches no claim.")
    with ProgressBar() as bar:
        study = asked.study(bar, measure_each)
        entries = list(_entries(file, asked, study))
    if not entries:
        return 1
    width = shutil.get_terminal_size().columns
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    shown = draw(
        Account(tuple(in_order(entries))), width=width, colour=colour, verbosity=1, encoding=encoding
    )
    say_styled(shown.rstrip("\n"))
    return int(any(entry.failed for entry in entries))


def _top(path: Path) -> Path:
    """Return the folder of the gallery that a claim file lies in."""
    return next(parent for parent in path.parents if (parent / "prompts").is_dir())


def _entries(file: ClaimFile, asked: Asked, study: object) -> Iterator[Entry]:
    from neuronclaims.measurements.errors import MissingModelError
    from neuronclaims.models.sources import label
    from neuronclaims.reports.entry import Entry
    from neuronclaims.study import Study

    assert isinstance(study, Study)
    for model in file.models:
        study.expect(file, model)
    for model in file.models:
        try:
            found = study.judge(file, model)
        except MissingModelError as error:
            fetch = "" if asked.said.download else ", or fetch it now (--download)"
            say(f"{error.short} (--model {model}=FOLDER){fetch}.", file=sys.stderr)
            continue
        except NeuronClaimsError as error:
            say(f"{label(model)}: {error}", file=sys.stderr)
            continue
        for result in found.values():
            if asked.chooses(result.id):
                name = f"{file.path.name}::{result.model}::{result.id}"
                yield Entry(name, "passed" if result.as_expected else "failed", result)


def _told(source: FindingAccount) -> Iterator[str]:
    """Yield what an entry tells of its finding, in the width of a terminal."""
    said = {
        "Source": source.publication.in_short
        + (f", {source.publication.url}" if source.publication.url else ""),
        "It says": source.says and f'"{source.says}"',
        "Known": source.known,
        "Unknown": source.unknown,
        "Doubtful": source.doubtful,
        "Checked": source.checked,
        "Run": source.ran,
    }
    for heading, text in said.items():
        if text:
            yield wrapped(f"{heading}: {text}", later="  ")
