"""Show what became of each claim, as a table in plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from neuronclaims.rematch.journey import Rematched
from neuronclaims.sentences.messages import printable

HEADER = ("claim", "neuron", "is now", "r", "next best", "rotated", "on the other half")


def table(done: Sequence[Rematched]) -> list[str]:
    """Return a line for every neuron of every claim under a header, and a summary below."""
    rows = [HEADER, *(row for each in done for row in _rows(each))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = [_line(row, widths) for row in rows]
    whys = [*_whys(done), *_notes(done), *_errors(done), *_torn(done)]
    return [*lines, "", *map(printable, whys), *([""] if whys else []), _summary(done)]


def _whys(done: Sequence[Rematched]) -> Iterable[str]:
    """Say why each missing neuron was not found, once for all claims that name it at one site."""
    return dict.fromkeys(f"{m.old}: {m.why}" for each in done for m in each.matches if m.why is not None)


def _notes(done: Sequence[Rematched]) -> Iterable[str]:
    """Say why no neuron was looked for, the claims that share a reason together."""
    return _shared((each.note, each.claim.id) for each in done)


def _errors(done: Sequence[Rematched]) -> Iterable[str]:
    """Say why claims could not be tested on the other half."""
    return _shared((each.result.error if each.result else None, each.claim.id) for each in done)


def _torn(done: Sequence[Rematched]) -> Iterable[str]:
    """Name the claims whose groups are in both halves, so that their results on the other half are weaker."""
    torn = sorted({name for each in done if each.result is not None for name in each.torn})
    if torn:
        yield (
            f"Groups of {', '.join(torn)} are in both halves, as they tie all prompts together: claims on them are "
            "not tested independently of the search."
        )


def _shared(told: Iterable[tuple[str | None, str]]) -> list[str]:
    """Return each text once, with the claims that it is about."""
    claims: dict[str, list[str]] = {}
    for text, claim in told:
        if text is not None:
            claims.setdefault(text, []).append(claim)
    return [f"{', '.join(names)}: {text}" for text, names in claims.items()]


def _rows(each: Rematched) -> Iterable[tuple[str, ...]]:
    if each.note is not None:
        yield (printable(each.claim.id), "", "not looked for", *[""] * 4)
    for number, match in enumerate(each.matches):
        numbers = [f"{value:.2f}" for value in (match.held, match.second, match.rotated)]
        where = {"still": f"still at {match.best}", "moved": f"moved to {match.best}"}.get(match.status)
        verdict = _verdict(each) if number == 0 else ""
        name = printable(each.claim.id) if number == 0 else ""
        yield name, str(match.old), where or "not found", *numbers, verdict


def _verdict(each: Rematched) -> str:
    if each.result is None:
        return "not tested"
    expected = "" if each.result.as_expected else f" (expected: {each.result.expect})"
    return f"{each.result.verdict or 'could not be tested'}{expected}"


def _summary(done: Sequence[Rematched]) -> str:
    counts = {word: sum(each.status == word for each in done) for word in ("still", "moved", "not found")}
    none = sum(each.status is None for each in done)
    told = [
        f"{counts['still']} still in place",
        f"{counts['moved']} moved",
        f"{counts['not found']} not found",
        *([f"{none} not looked for"] if none else []),
    ]
    return f"{len(done)} {'claim' if len(done) == 1 else 'claims'}: {', '.join(told)}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return "  ".join(cells).rstrip()
