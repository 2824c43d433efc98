"""A prompt and where it stands, while its set is still being checked."""

from __future__ import annotations

from dataclasses import dataclass

from neuronclaims.claim_files.claims import Prompt
from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.yaml.source import SourceText


@dataclass(frozen=True, slots=True)
class LocatedPrompt:
    """A prompt and the characters of a source that an error about it should show.

    ``graded_by`` is the fingerprint of the model whose answer it is, where it is said to be a graded one.
    """

    prompt: Prompt
    source: SourceText
    start: int
    width: int
    graded_by: str | None = None

    @property
    def where(self) -> str:
        """Return the file and line it stands in."""
        return self.prompt.source

    def problem(self, message: str) -> Problem:
        """Return a problem with this prompt."""
        return self.source.problem(self.start, message, width=self.width)
