"""Text to claims: claim files with line marks, sentences, schema, prompt sets, and errors with their place.

This room does not know which kinds of claim there are; kinds hand it their phrases. Its names load when
they are first used, so that declaring a phrase costs no YAML reader and no schema.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuronclaims.language.ambiguity import check_phrases
    from neuronclaims.language.claims import (
        Claim,
        ClaimFile,
        Direction,
        Discovery,
        PairSet,
        Prompt,
        PromptPair,
        PromptSet,
        Settings,
        Tokens,
        slug,
    )
    from neuronclaims.language.errors import ClaimFileError, Place, Problem
    from neuronclaims.language.files import read_claim_file
    from neuronclaims.language.options import Bins, Damage, Options
    from neuronclaims.language.phrases import FieldError, Phrase, PhraseError
    from neuronclaims.language.search import Search
    from neuronclaims.language.sentences import Parsed, SentenceError, parse
    from neuronclaims.language.values import SITES, Amount, Neuron, Positions, Site, Subject

_HOMES = {
    "claims": (
        "Claim",
        "ClaimFile",
        "Direction",
        "Discovery",
        "PairSet",
        "Prompt",
        "PromptPair",
        "PromptSet",
        "Settings",
        "Tokens",
        "slug",
    ),
    "options": ("Bins", "Damage", "Options"),
    "errors": ("ClaimFileError", "Place", "Problem"),
    "files": ("read_claim_file",),
    "ambiguity": ("check_phrases",),
    "phrases": ("FieldError", "Phrase", "PhraseError"),
    "search": ("Search",),
    "sentences": ("Parsed", "SentenceError", "parse"),
    "values": ("SITES", "Amount", "Neuron", "Positions", "Site", "Subject"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "SITES",
    "Amount",
    "Bins",
    "Claim",
    "ClaimFile",
    "ClaimFileError",
    "Damage",
    "Direction",
    "Discovery",
    "FieldError",
    "Neuron",
    "Options",
    "PairSet",
    "Parsed",
    "Phrase",
    "PhraseError",
    "Place",
    "Positions",
    "Problem",
    "Prompt",
    "PromptPair",
    "PromptSet",
    "Search",
    "SentenceError",
    "Settings",
    "Site",
    "Subject",
    "Tokens",
    "check_phrases",
    "parse",
    "read_claim_file",
    "slug",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
