"""Reading a claim file: from its path and the phrases of all kinds, to its claims or to all its problems."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from neuronclaims.language import drafts as d
from neuronclaims.language.claims import Claim, ClaimFile, PromptSet, Settings, Tokens
from neuronclaims.language.errors import ClaimFileError, Problem, quoted
from neuronclaims.language.holes import IDENTIFIER
from neuronclaims.language.marks import Entries, Items, Scalar, compose
from neuronclaims.language.phrases import Phrase
from neuronclaims.language.schema import ClaimEntry, Header, WholeFile
from neuronclaims.language.selection import Selection, read_selections
from neuronclaims.language.sentences import Parsed
from neuronclaims.language.sets import read_set
from neuronclaims.language.source import Source, read_source
from neuronclaims.language.validation import Section, missing_values, validate

_TOP = Section(
    Header,
    "at the top of the file",
    keys=tuple(WholeFile.model_fields),
    elsewhere={
        name: "it belongs to one claim, beside its 'claim:'"
        for name in ClaimEntry.model_fields
        if name not in Header.model_fields
    },
)


def read_claim_file(path: Path, phrases: Sequence[Phrase]) -> ClaimFile:
    """Read a claim file and the prompt files it names.

    Raises ClaimFileError with every problem of all of them. Messages show the path from the working
    directory where the file lies below it.
    """
    source = read_source(path, _shown(path))
    root = compose(source)
    if not isinstance(root, Entries):
        message = (
            "a claim file is a mapping: it begins with 'version: 1', then has 'models', 'sets' and 'claims'"
        )
        raise ClaimFileError([source.problem(root.start, message)])
    problems = list(missing_values(root, source))
    header = _header(root, source, problems)
    sets = _sets(root, source, problems)
    drafts = _drafts(root, source, phrases, problems)
    problems += d.repeated_ids(drafts, source)
    problems += d.lacking(drafts, root, source)
    problems += d.without_generation(drafts, root, source)
    problems += d.two_sites(drafts, source)
    problems += d.wrong_sets(drafts, _set_names(root), sets, source)
    selections = read_selections(root, header, drafts, sets, source, problems)
    if problems or header is None:
        raise ClaimFileError(problems)
    claims = tuple(
        _claim(draft, chosen, header, sets, source) for draft, chosen in zip(drafts, selections, strict=True)
    )
    digest = _digest(header, sets, claims)
    return ClaimFile(path, tuple(header.models), header.alpha, header.correction, sets, claims, digest)


def _shown(path: Path) -> str:
    """Return the path as messages show it: from the working directory where the file lies below it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)


def _header(root: Entries, source: Source, problems: list[Problem]) -> Header | None:
    own = {name: entry for name, entry in root.entries.items() if name not in ("sets", "claims")}
    header, found = validate(_TOP, Entries(root.start, root.end, own), source)
    problems += found
    if header is not None:
        twice = next((model for model in header.models if header.models.count(model) > 1), None)
        models = root.get("models")
        if twice is not None and models is not None:
            problems.append(source.problem(models.start, f"the model {quoted(twice)} is named twice"))
    return header


def _sets(root: Entries, source: Source, problems: list[Problem]) -> dict[str, PromptSet]:
    node = root.get("sets")
    if not isinstance(node, Entries) or not node.entries:
        problems += _absent(root, "sets", "prompt sets, each under its name", source)
        return {}
    sets: dict[str, PromptSet] = {}
    for name, (key, value) in node.entries.items():
        if not IDENTIFIER.fullmatch(name):
            rule = "letters, digits, '_' and '-', not beginning with a digit"
            message = f"{quoted(name)} cannot name a prompt set: {rule}"
            near = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")
            near = near if IDENTIFIER.fullmatch(near) else f"set_{near}"
            width = key.end - key.start
            problems.append(source.problem(key.start, message, width=width, suggestion=near))
        if isinstance(value, Scalar) and value.missing:
            continue
        try:
            sets[name] = read_set(name, key, value, source)
        except ClaimFileError as error:
            problems += error.problems
    return sets


def _drafts(
    root: Entries, source: Source, phrases: Sequence[Phrase], problems: list[Problem]
) -> list[d.Draft]:
    node = root.get("claims")
    if not isinstance(node, Items) or not node.items:
        problems += _absent(root, "claims", "claims, each beginning with '- '", source)
        return []
    return d.read_drafts(node, source, phrases, problems)


def _absent(root: Entries, key: str, what: str, source: Source) -> list[Problem]:
    """Say that a section is not there, holds nothing, or is of the wrong shape."""
    given = root.entries.get(key)
    if given is None:
        return [source.problem(root.start, f"the file has no {quoted(key)}: it needs {what}")]
    if isinstance(given[1], Scalar) and given[1].missing:
        return []  # said already, as a key without a value
    empty = isinstance(given[1], (Items, Entries)) and not (
        given[1].items if isinstance(given[1], Items) else given[1].entries
    )
    message = f"{quoted(key)} is empty" if empty else f"{quoted(key)} must hold {what}"
    return [source.problem(given[0].start, message, width=len(key))]


def _set_names(root: Entries) -> tuple[str, ...]:
    node = root.get("sets")
    return tuple(node.entries) if isinstance(node, Entries) else ()


def _claim(
    draft: d.Draft, chosen: Selection, header: Header, sets: Mapping[str, PromptSet], source: Source
) -> Claim:
    parsed, entry = cast(Parsed, draft.parsed), cast(ClaimEntry, draft.entry)
    used = {name: sets[name] for _, name in parsed.phrase.sets(parsed.value)}
    return Claim(
        id=cast(str, draft.id),
        place=source.place(draft.node.start),
        sentence=parsed.value,
        text=parsed.text,
        settings=_settings(draft, entry, header, chosen),
        sets=used,
        discovered=chosen.discovered,
    )


def _settings(draft: d.Draft, entry: ClaimEntry, header: Header, chosen: Selection) -> Settings:
    pool, span = cast(str, entry.tokens or header.tokens).split(" of ")
    generate = entry.generate or header.generate
    seed = entry.seed if entry.seed is not None else header.seed
    return Settings(
        site=cast(Any, draft.site or entry.site or header.site),
        tokens=Tokens(cast(Any, pool), cast(Any, span)),
        generate=generate.max_new_tokens if generate and span != "prompt" else None,
        resamples=entry.resamples or header.resamples,
        seed=seed or 0,
        searched=chosen.searched,
        expect=cast(Any, entry.expect),
        because=entry.because,
        tags=tuple(entry.tags or ()),
        xfail=entry.xfail.reason if entry.xfail else None,
        skip=entry.skip.reason if entry.skip else None,
    )


def _digest(header: Header, sets: Mapping[str, PromptSet], claims: Sequence[Claim]) -> str:
    content = {
        "models": header.models,
        "alpha": header.alpha,
        "correction": header.correction,
        "sets": {
            name: [[p.text, p.id, p.group, p.pair, p.block] for p in s.prompts] for name, s in sets.items()
        },
        "claims": [[c.id, c.text, repr(c.settings), _discovery(c)] for c in claims],
    }
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _discovery(claim: Claim) -> list[str] | None:
    return None if claim.discovered is None else sorted(prompt.text for prompt in claim.discovered.prompts)
