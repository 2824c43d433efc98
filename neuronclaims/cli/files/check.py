"""``neuronclaims check [PATHS] [--format text|json|github]``: claim files read and validated, no model touched."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from neuronclaims.cli.claim_files import found_and_empty, without
from neuronclaims.cli.options import Paths, PromptFolders
from neuronclaims.cli.output import say, say_commands
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_text import in_json, one_line, visible

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import ClaimFile
    from neuronclaims.claim_files.errors import Problem
    from neuronclaims.set_accounts import SetAccount

EXAMPLES = ("neuronclaims check", "neuronclaims check claims --format=json")


@dataclass(frozen=True, slots=True)
class Checked:
    """The check of one claim file: how many claims it has, what is wrong, what may mislead, and what its sets hold.

    ``wanting`` are the files that must be got before it can be checked.
    """

    path: Path
    claims: int
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    sets: tuple[SetAccount, ...] = ()
    wanting: tuple[str, ...] = ()


def run(
    paths: Paths = None,
    prompt_folder: PromptFolders = None,
    form: Annotated[
        Literal["text", "json", "github"],
        typer.Option("--format", help="the format of the output; github: as annotations of a pull request"),
    ] = "text",
) -> int:
    """List all mistakes in claim files, without any model.

    The prompt files that they name are read too. Folders are searched for *.claims.yaml. A file whose list of neurons
    must be fetched first ('get:') is listed as not checked. The exit status is 1 where anything is wrong, or where
    nothing was found.
    """
    files, empty = found_and_empty(paths or [Path()])
    checked = [_checked(path, tuple(prompt_folder or ())) for path in files]
    right = not empty and not any(each.problems for each in checked)
    if checked:
        FORMATS[form](checked, right)
    for folder in empty:
        say(f"neuronclaims: {without(folder)}", file=sys.stderr)
    return int(not right)


def _checked(path: Path, allowed: tuple[Path, ...]) -> Checked:
    from neuronclaims.claim_files.errors import ClaimFileError, Problem
    from neuronclaims.claim_files.prompt_folders import PromptFolders
    from neuronclaims.claim_files.prompts.misleading import accounts_in, data_problems
    from neuronclaims.claim_files.reader import read_claim_file
    from neuronclaims.kept.outlines import FileOutline
    from neuronclaims.kinds import templates
    from neuronclaims.planning.announcements import is_to_hold, unreachable
    from neuronclaims.pytest_session.known.forewarning import searched_everywhere
    from neuronclaims.pytest_session.marks import check_tags

    try:
        file = read_claim_file(path, templates(), PromptFolders.around(path, allowed))
        check_tags(FileOutline.of(file))
    except ClaimFileError as error:
        if error.wanting:
            return Checked(path, 0, wanting=error.wanting)
        return Checked(path, 0, error.problems)
    reasons = unreachable(file, searched_everywhere(file, file.models, {}))
    warnings = tuple(
        Problem(claim.place, f"cannot be supported: {reasons[claim.id]}")
        for claim in file.claims
        if claim.id in reasons and is_to_hold(claim)
    )
    warnings = (*warnings, *data_problems(file))
    return Checked(path, len(file.claims), tuple(_untestable(file)), warnings, accounts_in(file))


def _untestable(file: ClaimFile) -> Iterator[Problem]:
    """Yield what is wrong with claims that can be read, but not tested with their prompts and options."""
    from neuronclaims.claim_files.errors import Problem
    from neuronclaims.kinds import kind_of

    for claim in file.claims:
        try:
            kind_of(claim.sentence).attainable(claim)
        except NeuronClaimsError as error:
            yield Problem(claim.place, str(error))


def _text(checked: Sequence[Checked]) -> Iterator[str]:
    for each in checked:
        yield from map(str, (*each.problems, *each.warnings))
        yield from (f"{each.path}: not checked: {what}" for what in each.wanting)
    for each in checked:
        if each.sets:
            yield f"{each.path}:"
        for account in each.sets:
            yield f"  {account.name}: {account.summary}"
    claims, files = sum(each.claims for each in checked), len(checked)
    wrong = sum(len(each.problems) for each in checked)
    read = f"{_plural(files, 'claim file')}, {_plural(claims, 'claim')} that can be read"
    yield f"{read}; {_plural(wrong, 'problem')}" if wrong else read


def _say_json(checked: Sequence[Checked], right: bool) -> None:
    files = [
        {
            "path": str(each.path),
            "claims": each.claims,
            "problems": [_plain(problem) for problem in each.problems],
            "warnings": [_plain(problem) for problem in each.warnings],
            "sets": [asdict(account) for account in each.sets],
            "not_checked": list(each.wanting),
        }
        for each in checked
    ]
    say(in_json(json.dumps({"ok": right, "files": files}, indent=2)))


def _plain(problem: Problem) -> dict[str, object]:
    place = problem.place
    return {
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "message": problem.message,
        "suggestion": problem.suggestion,
    }


def _say_annotations(checked: Sequence[Checked], right: bool) -> None:
    say_commands(
        [
            _annotation(level, problem)
            for each in checked
            for level, problems in (("error", each.problems), ("warning", each.warnings))
            for problem in problems
        ]
    )
    _say_text([Checked(each.path, each.claims, wanting=each.wanting) for each in checked], right)


def _say_text(checked: Sequence[Checked], _right: bool) -> None:
    say(*_text(checked))


def _annotation(level: str, problem: Problem) -> str:
    """Return a workflow command of GitHub's, in which a message may hold anything."""
    place, hint = problem.place, f" (did you mean {problem.suggestion!r}?)" if problem.suggestion else ""
    where = _escaped(one_line(place.path)).replace(":", "%3A").replace(",", "%2C")
    message = _escaped(visible(problem.message + hint))
    return f"::{level} file={where},line={place.line},col={place.column}::{message}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


FORMATS = {"text": _say_text, "json": _say_json, "github": _say_annotations}
