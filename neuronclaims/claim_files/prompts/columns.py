"""The columns of prompts that claims read tokens by: ``tokens: last of subject``, ``at: subject``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress

from neuronclaims.claim_files.yaml.positions import Entries, Items, Node, Scalar
from neuronclaims.tokens.grammar import read_at, read_tokens
from neuronclaims.tokens.rule_words import TokensError
from neuronclaims.tokens.spans import Span

Columns = tuple[tuple[str, str], ...]
"""Names of columns and what a row holds there, in the order of the names."""

SIDES = ("clean", "corrupted")
"""The two texts of a pair; where they hold different texts, a pair has columns such as ``clean_subject``."""


PLACES = ("at", "loss_at")
"""The options that name tokens: those at which values are changed, and those whose loss counts."""


def span_at(level: Node | None, key: str) -> tuple[Span, Scalar] | None:
    """Return the span that a level of a file names under ``tokens`` or one of ``PLACES``, and where it stands."""
    found = level.get(key) if isinstance(level, Entries) else None
    if isinstance(found, Scalar) and not found.missing:
        with suppress(TokensError):  # said where the value is read
            span = read_at(found.text).span if key in PLACES else read_tokens(found.text).span
            return None if span is None else (span, found)
    return None


def columns_named(root: Entries) -> frozenset[str]:
    """Return the columns that the claims of a file read tokens by."""
    claims = root.get("claims")
    levels = [root, *(claims.items if isinstance(claims, Items) else ())]
    found = (span_at(level, key) for level in levels for key in ("tokens", *PLACES))
    return frozenset(name for each in found if each is not None for name in each[0].columns)


def with_sides(columns: Collection[str]) -> frozenset[str]:
    """Return some columns and, of each, those of the two texts of a pair.

    >>> sorted(with_sides(["subject"]))
    ['clean_subject', 'corrupted_subject', 'subject']
    """
    return frozenset({*columns, *(f"{side}_{name}" for side in SIDES for name in columns)})


def kept_columns(columns: Collection[str], *levels: Mapping[str, str]) -> Columns:
    """Return what a row holds in some columns; empty cells are left out."""
    found = {
        name: text for level in levels for name, text in level.items() if name in columns and text.strip()
    }
    return tuple(sorted(found.items()))


def of_side(columns: Columns, side: str) -> Columns:
    """Return the columns of one text of a pair: its own where there are such, else those of both.

    >>> of_side((("clean_subject", "Ann"), ("place", "Rome"), ("subject", "Bob")), "clean")
    (('place', 'Rome'), ('subject', 'Ann'))
    """
    of_both = {
        name: text for name, text in columns if not name.startswith(tuple(f"{each}_" for each in SIDES))
    }
    own = {name.removeprefix(f"{side}_"): text for name, text in columns if name.startswith(f"{side}_")}
    return tuple(sorted({**of_both, **own}.items()))
