"""Turn a claim's settings and prompts into measurements, seeds and plain numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.kinds.shared.memoize import memoize
from neuronclaims.measurements import Activations, Generation, TokenRule
from neuronclaims.stats import seed_from

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Prompt, PromptSet, Settings

RESAMPLES = 9_999
"""Random relabellings drawn where there are too many to enumerate and the claim file does not say how many."""


@memoize
def in_order(prompts: PromptSet) -> tuple[Prompt, ...]:
    """Return a set's prompts in the order of their text, so that the order of a file changes no number."""
    return tuple(sorted(prompts.prompts, key=lambda prompt: prompt.text))


@memoize
def texts_of(prompts: Sequence[Prompt]) -> tuple[str, ...]:
    """Return the texts of some prompts, in their order."""
    return tuple(prompt.text for prompt in prompts)


@memoize
def items_of(prompts: Sequence[Prompt], columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return what stands for some prompts where their tokens are read by columns of their rows, in their order."""
    return tuple(prompt.item(columns) for prompt in prompts)


def token_rule(settings: Settings) -> TokenRule:
    """Return which positions count, and how they become one number per prompt."""
    return TokenRule(settings.tokens.pool, settings.tokens.span)


def generation(settings: Settings) -> Generation | None:
    """Return how prompts are continued; None if no generated token counts."""
    if not settings.tokens.span.generates:
        return None
    return Generation(settings.generate or 0, settings.sampling)


def activations(
    settings: Settings, layer: int, prompts: Sequence[Prompt], tokens: TokenRule | None = None
) -> Activations:
    """Ask for one layer on some prompts, at the claim's site and by its token rule or by another on its span."""
    rule = tokens or token_rule(settings)
    columns = rule.span.columns
    items = items_of(prompts, columns) if columns else texts_of(prompts)
    return Activations(settings.site, layer, rule, items, generation(settings))


def seed_of(settings: Settings, sets: Sequence[Sequence[Prompt]], purpose: str) -> int:
    """Return a seed made of the prompts, so that claims on the same sets draw the same relabellings."""
    return _seed(settings.seed, purpose, *sets)


@memoize
def _seed(run_seed: int, purpose: str, *sets: Sequence[Prompt]) -> int:
    sizes = [str(len(prompts)) for prompts in sets[:-1]]
    texts = [prompt.text for prompts in sets for prompt in prompts]
    return seed_from(*sizes, *texts, purpose=purpose, run_seed=run_seed)


def resamples_of(settings: Settings) -> int:
    """Return how many relabellings are drawn if they are too many to enumerate."""
    return settings.resamples or RESAMPLES


def plain(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Return an array as plain floats.

    >>> plain(np.array([1, 2]))
    (1.0, 2.0)
    """
    return tuple(values.astype(np.float64, copy=False).tolist())


def percent(share: float) -> str:
    """Return a share that was claimed, with all its digits.

    >>> percent(0.6), percent(0.999999999)
    ('60 %', '99.9999999 %')
    """
    return f"{100 * share:.15g} %"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun.

    >>> plural(1, "prompt"), plural(2, "prompt")
    ('1 prompt', '2 prompts')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
