"""The name of one claim on one model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class ClaimName:
    """The name of a claim: its file from the project's folder, the short name of its model, and its id.

    >>> str(ClaimName("claims/example.claims.yaml", "demo", "hanoi"))
    'claims/example.claims.yaml::demo::hanoi'
    """

    file: str
    model: str
    id: str

    def __str__(self) -> str:
        return f"{self.file}::{self.model}::{self.id}"

    @property
    def family(self) -> str:
        """The file and the model: the claims that are judged together share it."""
        return f"{self.file}::{self.model}"

    @classmethod
    def parse(cls, text: str) -> ClaimName:
        """Return the name that is written out in full; raise ValueError for anything else.

        >>> ClaimName.parse("claims/example.claims.yaml::demo::hanoi").id
        'hanoi'
        """
        parts = text.rsplit("::", 2)
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"{text!r} is no FILE::MODEL::ID")
        return cls(*parts)
