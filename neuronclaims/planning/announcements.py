"""Say before any model runs what cannot be shown by a claim's prompts, and what they show of stated effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuronclaims.corrections import family_of
from neuronclaims.planning.reach import Reach, reach_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neuronclaims.claim_files.claims import Claim, ClaimFile


def is_to_hold(claim: Claim) -> bool:
    """Say whether a claim is expected to be supported."""
    settings = claim.settings
    return settings.expect == "supported" and not settings.skip and not settings.xfail


def unreachable(file: ClaimFile, searched: Mapping[str, int] | None = None) -> dict[str, str]:
    """Return, by id, the claims that have too few prompts to be supported by any effect, with the reason.

    Claims that can be supported are left out, and so are those in error. ``searched`` is that of ``reach_of``.
    """
    together = _together(file)
    return {
        name: f"with {reach.least.size}{_looked_at(reach)}{together} even the clearest result has "
        f"{'an adjusted' if together else 'a'} p of {reach.p_for:.2g}, above {file.alpha:g}"
        f"{f'; {reach.enough} would be enough' if reach.enough else ''}{_either(reach, file.alpha)}"
        for name, reach in reach_of(file, searched).items()
        if reach.p_for > file.alpha
    }


def _looked_at(reach: Reach) -> str:
    return f", picked from {reach.searched:,} {reach.noun}s," if reach.searched > 1 else ""


def _together(file: ClaimFile) -> str:
    """Say what p is corrected for; empty where that is nothing."""
    size = 1 if file.correction == "none" else family_of(file).size
    together = f" in a family of {size}" if size > 1 else ""
    if file.series == "open":
        return f"{together} at the first look of an open series"
    return (
        f"{together} over {len(file.models)} checkpoints"
        if file.series and len(file.models) > 1
        else together
    )


def _either(reach: Reach, alpha: float) -> str:
    if reach.least.against == 0:
        return ""  # not known, or no matter of how many there are
    return "; it can only be refuted" if reach.p_against <= alpha else "; nor can it be refuted"


def planned_effects(file: ClaimFile) -> dict[str, str]:
    """Return, by id, what the prompts of each claim can show of stated effects, in a sentence, where its kind knows."""
    return {
        name: reach.planning.table(reach.level).said
        for name, reach in reach_of(file).items()
        if reach.planning is not None and reach.p_for <= file.alpha
    }
