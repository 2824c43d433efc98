"""An outcome by its way through the final norm: what a change does by the norm's scale, and what without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from neuronclaims.measurements.changing.outcomes.readings import Entropy, Loss
from neuronclaims.tokens.spans import ChangedTokens

Way: TypeAlias = Literal["through", "fixed"]
"""Which part of a change counts: that through the final norm, or that with the norm's scale as it was before."""

NORM_WORDS: dict[Way, str] = {"through": "through the final norm", "fixed": "with the final norm fixed"}
"""How the ways are said."""


@dataclass(frozen=True, slots=True)
class ByNorm:
    """An entropy or a loss with the scale of the final norm held at what it was before the change (``fixed``).

    ``through`` is what is left of it: the outcome less that. So the two add up, and before a change ``through`` is 0.
    Entropy neurons act through that scale (Stolfo et al. 2024, arXiv 2406.16254, who hold it fixed to show it).

    >>> str(ByNorm(Entropy(), "through")), ByNorm(Entropy(), "fixed").parts
    ('entropy through the final norm', ({'read': 'entropy', 'norm': 'fixed'},))
    """

    of: Entropy | Loss
    way: Way
    reader: ClassVar[str] = "neuronclaims.models.running.changing.by_norm:NormReader"

    def __str__(self) -> str:
        return f"{self.of} {NORM_WORDS[self.way]}"

    @property
    def at(self) -> ChangedTokens | None:
        """The tokens that it is about, those of the outcome."""
        return self.of.at

    @property
    def tokens(self) -> tuple[str, ...]:
        """No token."""
        return ()

    @property
    def parts(self) -> tuple[object, ...]:
        """Its lasting name: that of the outcome, with the way."""
        named: dict[str, object] = {"read": "entropy" if isinstance(self.of, Entropy) else "loss"}
        if self.at is not None:
            named["at"] = str(self.at)
        return (named | {"norm": self.way},)
