"""Write the claim file for the new model: replace the neurons, and leave everything else unchanged."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.claim_files.yaml.source import SourceText, read_source
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.kinds import templates
from neuronclaims.rematch.journey import Rematched
from neuronclaims.rematch.models import TwoModels
from neuronclaims.rematch.places import Edit, WrittenClaim, applied, head, of_models, written
from neuronclaims.rematch.search import Match
from neuronclaims.sentences.messages import printable

UNCHOSEN = "not looked at"
_SUFFIX = re.compile(r"(\.claims\.ya?ml)$")


class RewriteError(NeuronClaimsError):
    """A rematched claim file that cannot be written; the text says why and what to do."""


def beside(path: Path) -> Path:
    """Return where the rematched file goes: ``x.rematched.claims.yaml`` beside ``x.claims.yaml``."""
    name, made = _SUFFIX.subn(r".rematched\1", path.name)
    return path.with_name(name if made else f"{path.name}.rematched.claims.yaml")


def write(
    file: ClaimFile,
    done: Sequence[Rematched],
    out: Path,
    models: TwoModels,
    *,
    force: bool,
    folders: PromptFolders | None = None,
) -> int:
    """Write the claims for the new model, and return how many are in the file.

    Claims with a neuron that was not found, or not looked for, are made comments. The file is read once more: where
    it does not say what it should, it is removed again. Raises RewriteError for that, for a file that is there and
    not to be overwritten, and where no claim is left; the source is never written to.
    """
    if out.exists() and (not force or out.samefile(file.path)):
        advice = "choose another with -o" if force else "choose another with -o, or overwrite it with --force"
        raise RewriteError(f"{out} is there already: {advice}.")
    source = read_source(file.path, str(file.path))
    expected = [text for text in map(_expected, _all(file, done)) if text is not None]
    if not expected:
        raise RewriteError(
            f"No claim of {file.path} is left for {printable(models.new)}: no file was written."
        )
    heading, model = _head(models.old, models.new), spelled(models.new, models.base, out)
    text = applied(source.text, list(_edits(source, file, done, heading, model)))
    try:
        out.write_bytes(text.encode("utf-8"))
        _check(out, expected, folders)
    except OSError as error:
        raise RewriteError(f"{out} cannot be written: {error.strerror or error}.") from None
    return len(expected)


def spelled(model: str, base: Path, out: Path) -> str:
    """Return how the new file names a model: a folder relative to the file, anything else unchanged."""
    folder = base / Path(model).expanduser()
    if model != "demo" and folder.is_dir():
        way = Path(os.path.relpath(folder, out.parent)).as_posix()
        model = way if way.startswith(".") else f"./{way}"
    return (
        model if re.fullmatch(r"[A-Za-z][A-Za-z0-9_/.-]*", model) else json.dumps(model, ensure_ascii=False)
    )


def moves(matches: Sequence[Match]) -> str:
    """Say in words where the neurons of a claim are: "moved from 4:17 (r = 0.93)"."""
    told = {
        "moved": lambda m: f"moved from {m.old} to {m.best} (r = {m.held:.2f})",
        "still": lambda m: f"still at {m.old} (r = {m.held:.2f})",
        "not found": lambda m: f"{m.old} not found: {m.why}",
    }
    return "; ".join(told[match.status](match) for match in matches)


def _head(old: str, new: str) -> str:
    return printable(
        f"Rematched: the neurons of {old} were looked for in {new}, on half of the prompts below. Verdicts in comments "
        "are from the other half; a run on all prompts is not independent of the choice of the neurons."
    )


def _all(file: ClaimFile, done: Sequence[Rematched]) -> list[Rematched]:
    """Return all claims of a file in its order, also those that were not looked at."""
    known = {each.claim.id: each for each in done}
    return [known.get(claim.id, Rematched(claim, note=UNCHOSEN)) for claim in file.claims]


def _expected(each: Rematched) -> str | None:
    """Return the sentence that is to stand in the new file; None for a claim that is made a comment."""
    return each.claim.text if each.nameless else each.text


def _edits(
    source: SourceText, file: ClaimFile, done: Sequence[Rematched], heading: str, model: str
) -> Iterator[Edit]:
    yield head(source, heading)
    models = of_models(source, model)
    if models is not None:
        yield models
    for place, each in zip(written(source), _all(file, done), strict=True):
        yield from _claim_edits(place, each)


def _claim_edits(place: WrittenClaim, each: Rematched) -> Iterator[Edit]:
    if each.nameless or (each.text is not None and each.status == "still"):
        return
    if each.text is None:
        out = place.out_commented(printable(each.note or moves(each.matches)))
        if out is None:
            line = place.source.place(place.node.start).line
            raise RewriteError(
                f"{place.source.path}:{line}: this claim is not one about the new model, and it cannot be made a "
                "comment, as other things stand on its lines: put each claim on lines of its own."
            )
        yield out
        return
    verdict = "not tested" if each.result is None else each.result.verdict or "could not be tested"
    shared = ", though some of its groups are in both" if each.torn else ""
    yield place.comment(f"{moves(each.matches)}; on the other half of the prompts{shared}: {verdict}")
    yield from place.edits(each.places, templates())


def _check(out: Path, expected: Sequence[str], folders: PromptFolders | None) -> None:
    """Read the written file again; remove it if it is not valid, or does not say what it should."""
    try:
        found = [claim.text for claim in read_claim_file(out, templates(), folders).claims]
    except ClaimFileError as error:
        out.unlink()
        raise RewriteError(
            f"The rematched file could not be read where it was written, and was removed. Prompt files are looked for "
            f"from the claim file's folder: write it beside the old one.\n{error.problems[0]}"
        ) from None
    if found != list(expected):
        out.unlink()
        wrong = next(text for text in expected if text not in found)
        raise RewriteError(f"The neurons of {wrong!r} could not be put in their place; no file was written.")
