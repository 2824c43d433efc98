"""Pages of documentation, one per kind of claim, made of what the kind declares and of the prose that lies beside it.

The prose of our own kinds is a Markdown file beside the module, named by the kind: ``two_sample/contrast.md``. A kind
of another package may have an attribute ``prose`` with such a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from neuronclaims.claim_files.editor import options_table

if TYPE_CHECKING:
    from neuronclaims.kinds.kind import Kind


@runtime_checkable
class WithProse(Protocol):
    """An optional part of a kind: what its page says, in Markdown."""

    @property
    def prose(self) -> str:
        """Return a table of what is tested, assumed and shown, and what else must be said."""
        ...


@dataclass(frozen=True, slots=True)
class KindPage:
    """The page of one kind; ``picture`` is a picture of a claim of it and what stands below, where there is one."""

    kind: Kind
    picture: tuple[str, str] | None = None

    @property
    def slug(self) -> str:
        """The name of its file, without ending."""
        return slug_of(self.kind.name)

    @property
    def markdown(self) -> str:
        """The page in Markdown: how its sentences read, the options they take, the prose, the picture.

        >>> from neuronclaims.kinds import kinds
        >>> KindPage(kinds()[0]).markdown.splitlines()[0]
        '# Contrast'
        """
        template = self.kind.template
        parts = [f"# {self.kind.name.capitalize()}", f"```\n{template.shape}\n```", prose_of(self.kind)]
        if self.picture is not None:
            path, caption = self.picture
            parts.append(f"![A figure of this claim]({path})\n\n{caption}")
        if template.margin:
            parts.append(f'A claim of "does not" needs {template.margin}.')
        if template.options.model_fields:
            parts += ["## Options", options_table({self.kind.name: template.options}).rstrip()]
        return "\n\n".join(part for part in parts if part) + "\n"


def slug_of(name: str) -> str:
    """Return the name of a kind's file.

    >>> slug_of("nearer overlap")
    'nearer_overlap'
    """
    return re.sub(r"\W+", "_", name)


def prose_of(kind: Kind) -> str:
    """Return the prose of a kind; empty where it has none."""
    if isinstance(kind, WithProse):
        return kind.prose.strip()
    found = _own_prose().get(slug_of(kind.name))
    return "" if found is None else found.read_text(encoding="utf-8").strip()


def prose_row(kind: Kind, name: str) -> str:
    """Return what a kind's prose says in one row of its table, such as "does not say"; empty where there is none.

    >>> from neuronclaims.kinds import kinds
    >>> prose_row(kinds()[0], "unit")
    'prompt or group; pairs where rows carry pair ids or the sets share groups'
    """
    rows = re.findall(rf"(?m)^\| {re.escape(name)} \| (.*?) \|$", prose_of(kind))
    return _plain(rows[0]) if rows else ""


def _plain(text: str) -> str:
    """Return Markdown without links and emphasis.

    >>> _plain("that it *is* so: [overlap](overlap.md) says `k`")
    'that it is so: overlap says `k`'
    """
    return re.sub(r"\*([^*]+)\*", r"\1", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text))


@cache
def _own_prose() -> Mapping[str, Path]:
    return {path.stem: path for path in Path(__file__).parent.glob("*/*.md")}
