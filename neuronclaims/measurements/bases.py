"""What measurements and needs of the usual sorts have in common; those of another sort say all by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from neuronclaims.measurements.facts import ModelFacts
from neuronclaims.measurements.measurement import Lengths, Need


class CheckedByNeed:
    """A measurement whose answer is the rows as they are, which names no token, and which its need checks."""

    __slots__ = ()

    reader: ClassVar[str | None] = None

    @property
    def tokens_named(self) -> tuple[str, ...]:
        """No tokens."""
        return ()

    def check(self, facts: ModelFacts) -> None:
        """Leave it to the need."""


class OfPrompts(CheckedByNeed):
    """A measurement of prompts, each of which must fit the model."""

    __slots__ = ()

    prompts: tuple[str, ...]

    def check_lengths(self, lengths: Lengths) -> None:
        """Check that each prompt fits the model."""
        for prompt in self.prompts:
            lengths.check_length(prompt)


class OfDocuments(CheckedByNeed):
    """A measurement of documents: those longer than the model's context are read in pieces."""

    __slots__ = ()

    documents: tuple[str, ...]

    def check_lengths(self, lengths: Lengths) -> None:
        """Count the tokens; long documents are read in pieces."""
        for document in self.documents:
            lengths.count(document)


class PlaceNeed:
    """A need that reads one site of one layer, and generates nothing."""

    __slots__ = ()

    site: str
    layer: int

    @property
    def new_tokens(self) -> int:
        """No token is generated."""
        return 0

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """The site and the layer."""
        return ((self.site, self.layer),)


class DocumentNeed(PlaceNeed):
    """A need of documents, each of which takes a whole pass: what counts is at its last layer."""

    __slots__ = ()

    text: ClassVar[str] = "document"

    def cost(self, needs: Sequence[Need], texts: int, facts: ModelFacts) -> Iterator[tuple[str, float]]:  # noqa: ARG002
        """Yield a pass for every document."""
        yield "documents", float(texts)
