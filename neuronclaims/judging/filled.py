"""What was measured for the claims of a file on a model, where nothing is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neuronclaims.answers import Answered
from neuronclaims.engines.measure import Filling
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.judging.findings import FileOnModel, answers_of


@dataclass(frozen=True, slots=True)
class Filled:
    """How many texts of some claims were measured now, how many were known, and which claims cannot be measured.

    ``errors`` has the reasons, by claim id. Claims that are read off the weights have no texts.
    """

    measured: int
    known: int
    errors: Mapping[str, str]

    @classmethod
    def of(cls, planned: FileOnModel, answered: Answered, from_cache: tuple[int, int] | None) -> Filled:
        """Return it for answers; ``from_cache`` are the number of texts that were known, and of all texts."""
        errors = dict(planned.errors)
        for claim in planned.file.claims:
            if claim.id in planned.needs:
                try:
                    answers_of(planned, claim, answered)
                except NeuronClaimsError as error:
                    errors[claim.id] = str(error)
        known, texts = from_cache or (0, 0)
        return cls(texts - known, known, errors)

    @classmethod
    def shared(cls, planned: FileOnModel, filling: Filling) -> Filled:
        """Return it for one share of a run, of which the texts of the other shares are not known."""
        errors = dict(planned.errors)
        for name, needs in planned.needs.items():
            error = next((filling.failed[need] for need in needs if need in filling.failed), None)
            if error is not None:
                errors[name] = str(error)
        return cls(*filling.counts(planned.measurements), errors)
