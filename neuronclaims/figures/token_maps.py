"""The values of one neuron on the tokens of the prompts that speak most for a claim and most against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Speaks: TypeAlias = Literal["for", "against"]


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A prompt of the ``set``, token by token; ``marked`` are the places, from 0, of the tokens that the claim reads.

    ``tokens`` are fit to be shown. ``value`` is what the claim reads of it, ``cut`` says whether tokens are left out
    before those given, and after them. Raises ValueError for another number of values than of tokens.
    """

    set: str
    speaks: Speaks
    value: float
    tokens: tuple[str, ...]
    values: tuple[float, ...]
    marked: tuple[int, ...]
    cut: tuple[bool, bool] = (False, False)

    def __post_init__(self) -> None:
        if len(self.tokens) != len(self.values):
            raise ValueError(f"There are {len(self.values)} values for {len(self.tokens)} tokens.")


@dataclass(frozen=True, slots=True)
class TokenMap:
    """Prompts token by token. ``axis`` says whose values they have, ``rule`` which tokens the claim reads."""

    axis: str
    rule: str
    rows: tuple[TokenRow, ...]
    kind: Literal["token map"] = "token map"

    @property
    def largest(self) -> float:
        """The size of the largest value."""
        return max((abs(value) for row in self.rows for value in row.values), default=0.0)
