"""Decide what is exchanged between two sets of prompts, and say which prompts take no part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from neuronclaims.kinds.shared.memoize import memoize
from neuronclaims.kinds.shared.requests import plural
from neuronclaims.stats import two_sample_design

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Prompt
    from neuronclaims.stats import TwoSampleDesign


@memoize
def design_of(first: Sequence[Prompt], second: Sequence[Prompt]) -> TwoSampleDesign:
    """Decide what is exchanged between two sets: prompts, groups or pairs, among all or within blocks."""
    return two_sample_design(
        [prompt.group for prompt in first],
        [prompt.group for prompt in second],
        first_pairs=[prompt.pair for prompt in first],
        second_pairs=[prompt.pair for prompt in second],
        first_blocks=[prompt.block for prompt in first],
        second_blocks=[prompt.block for prompt in second],
    )


def size_of(design: TwoSampleDesign) -> str:
    """Say how many units there are.

    >>> from neuronclaims.stats import two_sample_design
    >>> size_of(two_sample_design([None] * 8, [None] * 10))
    '8 prompts and 10 prompts'
    """
    sizes = [plural(count, design.unit) for count in design.counts]
    return sizes[0] if design.paired else " and ".join(sizes)


def left_out(design: TwoSampleDesign) -> tuple[str, ...]:
    """Say how many prompts take no part, if there are any."""
    count = sum(design.left_out)
    if not count:
        return ()
    shared = "block" if design.blocks is not None else design.unit
    return (f"{plural(count, 'prompt')} left out: the other set has none with the same {shared}.",)
