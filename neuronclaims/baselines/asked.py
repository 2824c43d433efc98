"""What a claim asks, kept small beside its hash, so that an edited claim can say what was edited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from neuronclaims.baselines.content import direction_key, labels_named, spans_named
from neuronclaims.baselines.rows import SavedClaim, digest
from neuronclaims.sentences.options import given_options

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, Prompt

Asked: TypeAlias = "Mapping[str, str | int | Mapping[str, str]]"
"""Fields of what is asked: texts and numbers by their name, and prompts by their set, as short hashes in a row."""

SHORT = 2
"""Digits of the hash of a prompt, in base 64: enough to count which are new."""

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

MOST = 200
"""The most prompts of a set whose hashes are kept; of a larger one only the number and one hash are."""

_MADE = {"directions": "direction", "probes": "probe", "neurons": "set of neurons"}
"""Fields of things that have one hash each, with the word for one of them."""

_HASHED = {"spans": "the texts by which tokens are read", "labels": "the labelled stretches"}
"""Fields that are one hash, with what it is of."""

_LONGEST = 60
_TEXTS = {"sets": "prompt", "pairs": "pair", "discovered": "prompt"}
"""Fields that hold texts, with the word for one of them."""


def asked_of(claim: Claim) -> dict[str, Any]:
    """Return what a claim asks besides its sentence, its site and its tokens; what it does not say is left out."""
    settings = claim.settings
    written = None if settings.generate is None else f"{settings.generate} tokens"
    found: dict[str, Any] = {
        "generate": f"{written}, {settings.sampling}" if settings.sampling else written,
        "searched": None if settings.searched is None else str(settings.searched),
        "resamples": settings.resamples,
        "seed": settings.seed or None,
        "options": {name: _text(value) for name, value in given_options(settings.options).items()},
        "sets": {name: _hashes(_one(p) for p in found.prompts) for name, found in claim.sets.items()},
        "pairs": {
            name: _hashes([p.clean, p.corrupted, p.group or ""] for p in found.pairs)
            for name, found in claim.pairs.items()
        },
        "discovered": {"discovered_on": _hashes(([p.text] for p in claim.discovered.prompts), 0)}
        if claim.discovered
        else {},
        "directions": {name: digest(direction_key(each))[:8] for name, each in claim.directions.items()},
        "probes": {name: digest([p.site, p.given.digest])[:8] for name, p in claim.probes.items()},
        "neurons": {name: digest(each.key)[:8] for name, each in claim.neuron_sets.items()},
        **{name: digest(each)[:8] for name, each in {**spans_named(claim), **labels_named(claim)}.items()},
    }
    return {name: value for name, value in found.items() if value is not None and value != {}}


def edits(old: SavedClaim, new: SavedClaim) -> str:
    """Say in one line what differs between what two rows of one claim ask; "" where that is not known.

    >>> row = SavedClaim("", "neuron 2:340 separates a from b", "", "", None, asked={"tokens": "mean of prompt"})
    >>> from dataclasses import replace
    >>> edits(row, replace(row, asked={"tokens": "last of prompt", "sets": {"a": "AxBy"}}))
    'tokens mean of prompt -> last of prompt; 2 prompts more in a'
    """
    return "; ".join(_edits(old, new))


def same_where_known(old: SavedClaim, new: SavedClaim) -> bool:
    """Say whether two rows have the same sentence, site and tokens, as far as both name them."""
    one, two = old.asked or {}, new.asked or {}
    both = [name for name in ("site", "tokens") if name in one and name in two]
    return old.sentence == new.sentence and all(one[name] == two[name] for name in both)


def _edits(old: SavedClaim, new: SavedClaim) -> Iterator[str]:
    if old.sentence != new.sentence:
        yield f"the sentence was: {old.sentence}"
    if old.asked is None or new.asked is None:
        return
    for name in dict.fromkeys((*old.asked, *new.asked)):
        one, two = old.asked.get(name), new.asked.get(name)
        if name in _TEXTS:
            yield from _other_texts(_mapping(one), _mapping(two), _TEXTS[name])
        elif name == "options":
            was, now = _mapping(one), _mapping(two)
            for option in dict.fromkeys((*was, *now)):
                yield from _other(option, was.get(option), now.get(option))
        elif name in _MADE:
            was, now = _mapping(one), _mapping(two)
            yield from (
                f"another {_MADE[name]} {key}" for key in {**was, **now} if was.get(key) != now.get(key)
            )
        elif name in _HASHED:
            yield from [f"{_HASHED[name]} are others"] if one != two else []
        else:
            yield from _other(name, one, two)


def _other(name: str, one: object, two: object) -> Iterator[str]:
    if one != two:
        was, now = ("unsaid" if value is None else _cut(str(value)) for value in (one, two))
        yield f"{name} {was} -> {now}"


def _other_texts(old: Mapping[str, str], new: Mapping[str, str], word: str) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        one, two = old.get(name, ""), new.get(name, "")
        if one == two:
            continue
        if one.startswith("#") or two.startswith("#"):
            more, fewer = max(0, _count(two) - _count(one)), max(0, _count(one) - _count(two))
        else:
            was, now = Counter(_split(one)), Counter(_split(two))
            more, fewer = (now - was).total(), (was - now).total()
        if more and more == fewer:
            yield f"{_many(more, word)} changed in {name}"
        elif more or fewer:
            said = [
                f"{_many(count, word)} {way}" for count, way in ((more, "more"), (fewer, "fewer")) if count
            ]
            yield f"{' and '.join(said)} in {name}"
        else:
            yield f"other {word}s in {name}"


def _hashes(texts: Iterable[Sequence[str]], most: int = MOST) -> str:
    """Return short hashes of some texts, sorted, in a row; of more than ``most``, their number and one hash."""
    found = sorted(digest(list(text)) for text in texts)
    if len(found) > most:
        return f"#{len(found)} {digest(found)[:16]}"
    return "".join(
        sorted(_DIGITS[int(each[:8], 16) % 64] + _DIGITS[int(each[8:16], 16) % 64] for each in found)
    )


def _split(hashes: str) -> list[str]:
    return [hashes[start : start + SHORT] for start in range(0, len(hashes), SHORT)]


def _count(hashes: str) -> int:
    number = hashes[1:].partition(" ")[0]
    return int(number) if hashes.startswith("#") and number.isdecimal() else len(hashes) // SHORT


def _one(prompt: Prompt) -> list[str]:
    return [prompt.text, prompt.group or "", prompt.pair or "", prompt.block or ""]


def _mapping(value: object) -> Mapping[str, str]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    """Return an option's value in short: an amount as "0.5 sd", a list by its entries."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value))
    if is_dataclass(value) and type(value).__str__ is object.__str__:
        parts = (getattr(value, field.name) for field in fields(value))
        return " ".join(_text(part) for part in parts if part is not None)
    return str(value)


def _many(count: int, word: str) -> str:
    return f"{count} {word if count == 1 else word + 's'}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
