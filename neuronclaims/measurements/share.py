"""A share of the texts of a run, so that several processes measure one cache together."""

from __future__ import annotations

import re
from dataclasses import dataclass

from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Wanted, jobs

MOST = 100_000
"""The most shares that a run can be cut into."""


@dataclass(frozen=True, slots=True)
class Share:
    """One share of the texts of a run, counted from 1, and how many shares there are.

    All shares of the same files have every text once, whoever measures which of them, and in whatever order. Raises
    MeasurementError for a share that there is not.

    >>> Share.parse("2/3")
    Share(number=2, shares=3)
    >>> Share.parse("4/3")
    Traceback (most recent call last):
    neuronclaims.measurements.errors.MeasurementError: There is no share 4 of 3: the shares are 1/3 to 3/3.
    """

    number: int = 1
    shares: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.shares <= MOST:
            raise MeasurementError(f"A run is cut into 1 to {MOST:,} shares, not into {self.shares:,}.")
        if not 1 <= self.number <= self.shares:
            raise MeasurementError(
                f"There is no share {self.number} of {self.shares}: the shares are 1/{self.shares} to "
                f"{self.shares}/{self.shares}."
            )

    @classmethod
    def parse(cls, text: str) -> Share:
        """Return the share that a text such as "2/3" says; raise MeasurementError for another text."""
        found = re.fullmatch(r"\s*([0-9]{1,9})\s*/\s*([0-9]{1,9})\s*", text, re.ASCII)
        if found is None:
            raise MeasurementError(
                f"{text!r} is no share: write its number and how many there are, such as 1/3."
            )
        return cls(int(found[1]), int(found[2]))

    def part(self, wanted: Wanted) -> dict[Need, list[str]]:
        """Return what this share has to measure: of texts that need the same, every ``shares``-th one."""
        if self.shares == 1:
            return {need: list(texts) for need, texts in wanted.items()}
        work = [(job.work, item) for job in jobs(wanted) for item in job.items]
        own = set(work[self.number - 1 :: self.shares])
        return {need: [text for text in texts if (need.work, text) in own] for need, texts in wanted.items()}


WHOLE = Share()
"""The only share of a run that is not cut."""
