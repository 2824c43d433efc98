"""What continuations count as: those that begin with a text, contain one, or are graded by a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.figures import Table
from neuronclaims.graders.registry import GraderError, grader_named
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.measurements import ChangedContinuations, Generation
from neuronclaims.prompts import brief, is_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Ablation
    from neuronclaims.sentences.outcomes.said import SaidOutcome

SHOWN = 12
"""Of how many prompts the texts are shown."""

LONGEST = 200
"""How much of a text is shown, in characters."""


@dataclass(frozen=True, slots=True)
class CountedContinuations:
    """Which continuations count, and how they are written: ``texts`` are those that they begin with or contain."""

    said: SaidOutcome
    texts: tuple[str, ...]
    generate: Generation

    @classmethod
    def of(cls, claim: Claim) -> CountedContinuations | None:
        """Look up what a claim names; None for another outcome. Raises ClaimError for a list that has chats."""
        said: SaidOutcome = claim.sentence.outcome
        if said.what != "continuations":
            return None
        texts: tuple[str, ...] = (said.token,) if said.token else ()
        if said.listed:
            texts = tuple(prompt.text for prompt in claim.sets[said.listed].prompts)
            if not all(map(is_plain, texts)):
                raise ClaimError(f"{said.listed!r} has chats: name a set of plain texts that are looked for.")
        made = Generation(claim.settings.generate or 0, claim.settings.sampling)
        return cls(said, texts, made)

    def asked(self, change: Ablation) -> ChangedContinuations:
        """Ask for what is written before and under a change."""
        return ChangedContinuations(change, self.generate)

    def check(self) -> None:
        """Raise ClaimError where the grader is not there."""
        if self.said.grader:
            try:
                grader_named(self.said.grader)
            except GraderError as error:
                raise ClaimError(str(error)) from None

    def rows(self, change: Ablation, answers: Answers, prompts: Sequence[Prompt]) -> Floats:
        """Return the columns of ``AblationColumns`` [prompts, 5]: the share that counts, and that left unchanged.

        Raises ClaimError where the grader fails.
        """
        texts, apart = answers[self.asked(change)], answers[change][:, -1]
        try:
            shares = [
                [np.mean([self._worth(text, prompt.text) for text in drawn]) for drawn in sides]
                for sides, prompt in zip(texts.tolist(), prompts, strict=True)
            ]
        except GraderError as error:
            raise ClaimError(str(error)) from None
        same = (texts[:, 0] == texts[:, 1]).mean(axis=1)
        worth = np.array(shares, dtype=np.float64)
        return np.column_stack([worth, np.ones(len(worth)), same, apart.astype(np.float64)])

    def table(self, change: Ablation, answers: Answers, prompts: Sequence[Prompt]) -> Table:
        """Show what is written after some prompts, before and under the change: first where that differs."""
        texts = answers[self.asked(change)]
        alike = [bool((sides[0] == sides[1]).all()) for sides in texts]
        rows = tuple(
            (*(str(side[0])[:LONGEST] for side in texts[place]), brief(prompts[place].text, LONGEST))
            for place in sorted(range(len(alike)), key=alike.__getitem__)[:SHOWN]
        )
        many = "" if texts.shape[2] == 1 else f", the first of {texts.shape[2]} texts"
        title = f"continuations of {len(rows)} of {len(prompts)} prompts{many}"
        return Table(title, ("before", "under the change", "prompt"), rows)

    def _worth(self, text: str, prompt: str) -> float:
        if self.said.grader:
            return grader_named(self.said.grader)(text, prompt)
        if self.said.how == "contain":
            return float(any(wanted in text for wanted in self.texts))
        begun = text.lstrip()
        return float(any(begun.startswith(wanted.lstrip()) for wanted in self.texts))
