"""Whether a verdict rests on single units or texts of one frame, as plain data, with its sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a verdict is when some of its prompts are left out in turn: single units, or all prompts of one frame.

    ``what`` is the key of what is left out (prompt, group, pair, document, frame), ``count`` how many there are, and
    ``changes`` without how many of them the verdict is another. ``low`` and ``high`` are the least and the largest
    effect, None where there is none. ``weakest`` is the text of the one without which the verdict is least sure, and
    ``then`` the verdict without it.
    """

    what: str
    count: int
    changes: int
    low: float | None
    high: float | None
    weakest: str
    then: str

    def said(self, verdict: str) -> str:
        """Say it in one sentence.

        >>> LeftOut("prompt", 12, 0, 0.9, 1.4, "He left Hanoi.", "supported").said("supported")
        'Without any one of the 12 prompts it is still supported (effect 0.9 to 1.4).'
        """
        those = f"{self.count:,} {self.what}s"
        if not self.changes:
            found = "" if self.low is None else f" (effect {self.low:.3g} to {self.high:.3g})"
            return f"Without any one of the {those} it is still {verdict}{found}."
        some = "one" if self.changes == 1 else f"any one of {self.changes:,}"
        named = f", such as {self.weakest!r}" if self.weakest and self.changes > 1 else ""
        named = f", {self.weakest!r}" if self.weakest and self.changes == 1 else named
        return f"Without {some} of the {those}{named}, it is {self.then}."


@dataclass(frozen=True, slots=True)
class Robustness:
    """How a verdict stands when its prompts are others: units left out, frames left out, units drawn anew.

    ``frames`` is None where fewer than two frames share the prompts. ``same`` is the share of ``resamples`` with
    the same verdict.
    """

    verdict: str
    units: LeftOut
    frames: LeftOut | None
    resamples: int
    same: float

    @property
    def fragile(self) -> bool:
        """Whether one unit, or one frame, carries the verdict."""
        return self.units.changes > 0 or (self.frames is not None and self.frames.changes > 0)

    @property
    def warning(self) -> str | None:
        """What the verdict rests on, in one sentence; None where it rests on no single unit or frame."""
        carrying = [each for each in (self.units, self.frames) if each is not None and each.changes]
        return " ".join(each.said(self.verdict) for each in carrying) or None

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of it in sentences."""
        return tuple(self._sentences())

    def _sentences(self) -> Iterator[str]:
        yield self.units.said(self.verdict)
        if self.frames is not None:
            yield self.frames.said(self.verdict)
        share = f"{100 * self.same:.0f} %"
        yield f"Of {self.resamples:,} resamples of the {self.units.what}s, {share} give the same verdict."
