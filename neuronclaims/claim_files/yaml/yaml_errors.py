"""Turn errors of PyYAML's scanner and parser into plain sentences with places."""

from __future__ import annotations

import yaml

from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.yaml.source import SourceText

_TAB = "a tab stands here: YAML forbids tabs for indentation, use spaces"
_STRUCTURE = "this line does not belong to what stands above it: check its indentation, quotes and brackets"

_SENTENCES: tuple[tuple[str, str], ...] = (
    ("tab character", _TAB),
    (
        "mapping values are not allowed",
        "a ': ' inside a text, or wrong indentation: put the whole text in single quotes, or align it",
    ),
    (
        "sequence entries are not allowed",
        "a list begins here, in the middle of a line: put '- ' on the next line",
    ),
    (
        "unknown escape character",
        "within double quotes a backslash begins an escape: use single quotes instead",
    ),
    ("could not find expected ':'", "this line is neither 'key: value' nor '- item'"),
    ("incompatible YAML document", "the %YAML line asks for a version that cannot be read; remove it"),
    ("<document start>", _STRUCTURE),
    ("expected key", _STRUCTURE),
    ("'-' indicator", _STRUCTURE),
    ("<block end>", _STRUCTURE),
    ("node content", "a value is missing here"),
    # libyaml 0.2.6 reads ahead, so it counts before we do.
    ("maximum nesting depth", "nested far deeper than a claim file may be"),
)

_AT_OPENING: tuple[tuple[str, str], ...] = (
    ("found unexpected end of stream", "this quote is never closed"),
    ("while parsing a flow sequence", "this list '[' is not closed, or a comma is missing in it"),
    ("while parsing a flow mapping", "this mapping '{' is not closed, or a comma is missing in it"),
    ("while scanning an alias", "a text cannot begin with * in YAML: put it in single quotes"),
    ("while scanning an anchor", "a text cannot begin with & in YAML: put it in single quotes"),
)


def translated(error: yaml.MarkedYAMLError, source: SourceText) -> Problem:
    """Return what PyYAML could not read as a problem with its place."""
    problem = error.problem or "not YAML"
    index = min(getattr(error.problem_mark, "index", 0), len(source.text))
    opened = getattr(error.context_mark, "index", None)
    for sign, sentence in _AT_OPENING:
        if opened is not None and sign in f"{error.context} {problem}":
            return source.problem(opened, sentence)
    if "cannot start any token" in problem:
        return source.problem(index, _no_start(source.text[index : index + 1]))
    if (
        "unknown escape character" in problem
    ):  # the C reader points at the backslash, the Python one behind it
        index = source.text.rfind("\\", 0, index + 1)
    for sign, sentence in _SENTENCES:
        if sign in problem:
            return source.problem(index, sentence)
    return source.problem(index, f"not YAML: {problem}")


def _no_start(character: str) -> str:
    if character == "\t":
        return _TAB
    return f"a text cannot begin with {character} in YAML: put it in single quotes"
