"""What pytest is told of a claim that fails by what became of it since its baseline."""

from __future__ import annotations

from neuronclaims.session.outcomes import ClaimMissed


class ClaimDrifted(ClaimMissed):
    """A claim that became something since its baseline that fails the run."""


def drifted(status: str) -> tuple[str, str, str, str]:
    """Return category, letter, word and colour of such a claim."""
    return status, status[0].upper(), status.upper(), "red"
