"""Read the outcome that neurons are looked for by, as sentences say it, and the numbers that claims of it name."""

from __future__ import annotations

from dataclasses import dataclass

from neuronclaims.discovery.errors import DiscoveryError
from neuronclaims.sentences.misread.misses import SentenceError
from neuronclaims.sentences.outcomes.said import SaidOutcome
from neuronclaims.sentences.parser import parse
from neuronclaims.sentences.templates import Template

ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Numbers that claims name, with any power of ten."""


@dataclass(frozen=True, slots=True)
class AskedOutcome:
    """An outcome alone, as it stands in a sentence."""

    outcome: SaidOutcome


OUTCOME = Template("{outcome:outcome}", AskedOutcome)


def read_outcome(text: str | None, kind: str) -> SaidOutcome:
    """Return the outcome that a text says; raise DiscoveryError for none, and for one that has no gradient.

    >>> read_outcome('probability of " an"', "ablation")
    SaidOutcome(what='probability', token=' an', against=None, how=None, listed='', grader='', norm=None)
    """
    such = 'such as \'" an" over " a"\''
    if text is None or not text.strip():
        raise DiscoveryError(f"Say what {kind} is to change: an outcome is missing, {such}.")
    try:
        said: SaidOutcome = parse(text.strip(), [OUTCOME]).value.outcome
    except SentenceError as error:
        raise DiscoveryError(f"The outcome cannot be read: {error}") from None
    if said.writes or said.what == "divergence":
        raise DiscoveryError(
            f"Neurons are not looked for by {said}: a small change of a neuron says nothing of it, so none can be "
            "chosen to be changed exactly. Look by a token, a probability, a loss or an entropy."
        )
    if said.norm is not None:
        raise DiscoveryError(f"Neurons are not looked for by {said}. Look by the whole {said.what}.")
    return said


def round_numbers(least: int, most: int) -> tuple[float, ...]:
    """Return round numbers between two powers of ten.

    >>> round_numbers(-1, 0)
    (0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8)
    """
    return tuple(float(f"{each}e{power}") for power in range(least, most) for each in ROUND)
