"""Say beside a claim of overlap what was exchanged, what noise hides, and what sharing does not show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from neuronclaims.kinds.shared.designs import left_out

if TYPE_CHECKING:
    from neuronclaims.kinds.top_k.overlap import Nearer, Sharing
    from neuronclaims.kinds.top_k.overlap_exchange import HeightTest
    from neuronclaims.kinds.top_k.set_profiles import OverlapData
    from neuronclaims.stats import Estimate


def exchange_notes(data: OverlapData, tests: Sequence[HeightTest]) -> tuple[str, ...]:
    """Say what was exchanged, and the result."""
    request, notes = data.request, []
    for found in tests:
        far = f"prompts held out of {found.far}" if found.far == request.baseline else found.far
        notes.append(
            f"The top {request.k} of {found.fixed} are {found.height:+.3g} sd in {found.near} against {far} "
            f"(labels of these two exchanged: p = {found.test.p_value:.3g})."
        )
        notes += left_out(request.design(found.near, found.far))
    if len(tests) > 1:
        notes.append(
            f"Both must be so, and the larger p counts; here half of {request.baseline} gives the mean and the other "
            "half is compared with, so that neurons which are always high, or only vary much, do not pass."
        )
    return tuple(notes)


def hidden_notes(said: Nearer, ceiling: Estimate, near: Estimate) -> tuple[str, ...]:
    """Say if a set may share less only because its own top neurons are uncertain."""
    value = ceiling.value or 0.0
    if value >= (near.value or 0.0):
        return ()
    return (
        f"Two halves of {said.far} share only {value:.3g} of their top {said.k} on average: it may share less "
        "with others because its neurons are hidden by noise. More prompts would tell.",
    )


def sharing_notes(
    said: Sharing, ceilings: Sequence[Estimate], *, lists: bool, unclear: bool
) -> tuple[str, ...]:
    """Say if the sets' own noise leaves too few neurons to share, and what sharing does not show.

    ``lists`` is False where single prompts are compared. ``unclear`` says that lists by occurrence leave open all that
    could be shared.
    """
    own = "halves" if lists else "prompts"
    hidden = (
        f"Two {own} of {name} share {alone.value:.3g} of their top {said.k} on average, so other sets can hardly be "
        f"expected to share {said.shared} with it. {'More prompts would help.' if lists else 'Claim a lower number.'}"
        for name, alone in zip((said.first, said.second), ceilings, strict=True)
        if said.bound == "at least" and (alone.value or 0) < said.shared
    )
    undecided = (
        "Which neurons are on a list is sure only where nearly every prompt agrees. 'top_by: prompts' "
        "compares single prompts instead, and decides with fewer.",
    )
    return (
        *hidden,
        *(undecided if unclear else ()),
        f"Nothing here says that {said.first} and {said.second} share more than other sets would: claim that one "
        "overlaps more with the other than with a third.",
    )
