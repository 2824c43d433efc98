"""The findings about the claims of one file on one model: each claim put to its kind, with what was measured."""

from __future__ import annotations

from collections.abc import KeysView, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from neuronclaims.answers import Answered
from neuronclaims.claim_files.claims import Claim, ClaimFile
from neuronclaims.claim_files.prompts.misleading import items_of, of_claim
from neuronclaims.corrections import at_its_boundary, at_its_level, family_of, unsettled
from neuronclaims.engines.holding.bound import free_memory
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.judging.token_maps import token_maps
from neuronclaims.kinds import Family, Finding, columns_read, kind_of
from neuronclaims.kinds.kind import MAX_DRAWS, KindError
from neuronclaims.kinds.layer_copies import LayerCopies
from neuronclaims.kinds.tokens_asked import tokens_asked
from neuronclaims.measurements import Measurement
from neuronclaims.measurements.errors import or_raise
from neuronclaims.measurements.gaps import Gappy, gaps_note
from neuronclaims.models.chats.odd_tokens import OddTokens, odd_tokens
from neuronclaims.models.identity.objects import ObjectIdentity
from neuronclaims.models.sources import Source
from neuronclaims.models.token_readings import token_readings
from neuronclaims.provenance import Fingerprints, check_graders, graders_note
from neuronclaims.set_accounts import DataAccount
from neuronclaims.tokens.readings import TokensAsked, TokensReading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neuronclaims.kinds.kind import Answers


@dataclass(frozen=True, slots=True, eq=False)
class FileOnModel:
    """A claim file that is tested on a model.

    ``needs`` are the measurements of each claim by its id, ``errors`` the reasons of those that have none. ``state`` is
    that of a model object when this was planned. ``odd`` is what its tokenizer makes of odd texts, by set, and
    ``readings`` are the tokens that claims read or change.
    """

    file: ClaimFile
    source: Source
    needs: Mapping[str, tuple[Measurement, ...]]
    errors: Mapping[str, str]
    state: ObjectIdentity | None = None
    odd: Mapping[str, OddTokens] = field(default_factory=dict)
    readings: Mapping[TokensAsked, TokensReading] = field(default_factory=dict)

    @classmethod
    def planned(cls, file: ClaimFile, source: Source, fingerprints: Fingerprints) -> FileOnModel:
        """Ask the kind of every claim what it needs of this model."""
        needs: dict[str, tuple[Measurement, ...]] = {}
        errors: dict[str, str] = {}
        facts = source.facts()
        for claim in file.claims:
            try:
                check_graders(claim, source, fingerprints)
                needs[claim.id] = kind_of(claim.sentence).needs(claim, facts)
            except NeuronClaimsError as error:
                errors[claim.id] = str(error)
        odd = odd_tokens(source, items_of(file))
        readings = token_readings(source, (each for claim in file.claims for each in tokens_asked(claim)))
        return cls(file, source, needs, errors, source.state(), odd, readings)

    def data(self, claim: Claim) -> DataAccount:
        """Return the account of a claim's texts, with what this model's tokenizer makes of them."""
        said = tuple(of_claim(claim, self.odd))
        return replace(claim.data, warnings=(*claim.data.warnings, *said)) if said else claim.data

    def read(self, claim: Claim) -> tuple[TokensReading, ...]:
        """Return the tokens that a claim reads or changes, where these are some of its prompts' tokens."""
        return tuple(self.readings[each] for each in tokens_asked(claim) if each in self.readings)

    @property
    def measurements(self) -> KeysView[Measurement]:
        """All measurements that the claims of the file need, each once."""
        return dict.fromkeys(need for needs in self.needs.values() for need in needs).keys()


def _too_large(planned: FileOnModel) -> dict[str, str]:
    """Return, by id, the claims that cannot be judged in the memory that is free, with the reason.

    The system would end the whole process otherwise.
    """
    free, copies = free_memory(), LayerCopies(planned.source.facts())
    found: dict[str, str] = {}
    for claim in planned.file.claims:
        own = planned.needs.get(claim.id, ())
        if free is not None and (least := copies.of(claim, own)) > free:
            found[claim.id] = (
                f"To judge this claim takes about {least / 1e9:,.1f} GB of memory, since it looks at whole layers in "
                f"one table, and {free / 1e9:,.1f} GB are free. Take fewer prompts ('first: N' of a file) or fewer "
                "layers, or judge on a machine with more memory: what was measured is in the run cache."
            )
        elif own:
            copies.add(claim, own)
    return found


class Findings:
    """What each claim of a file comes to on one model, before it is corrected; claims in error are in ``errors``.

    Each claim is judged with the first random draws when this is made; ``draw_more`` judges one again with more.
    """

    def __init__(self, planned: FileOnModel, answered: Answered, family: Family) -> None:
        self.planned, self._answered = planned, answered
        self._family = replace(family, max_draws=MAX_DRAWS[0])
        self.by_id: dict[str, Finding] = {}
        too_large = _too_large(planned)
        self.errors: dict[str, str] = {**planned.errors, **too_large}
        self._judged = [
            claim for claim in planned.file.claims if claim.id in planned.needs and claim.id not in too_large
        ]
        self._prepare()
        for claim in self._judged:
            self._judge(claim, self._family)

    def draw_more(self, claim: Claim, max_draws: int) -> None:
        """Judge a claim again, with up to ``max_draws`` random draws."""
        self._judge(claim, replace(self._family, max_draws=max_draws))

    def _judge(self, claim: Claim, family: Family) -> None:
        try:
            self.by_id[claim.id] = self._finding(claim, family)
        except NeuronClaimsError as error:
            self.by_id.pop(claim.id, None)
            self.errors[claim.id] = str(error)

    def _prepare(self) -> None:
        """Let each kind compute once what its claims have in common; a kind whose preparation fails goes without."""
        groups: dict[str, list[tuple[Claim, Answers]]] = {}
        for claim in self._judged:
            with suppress(NeuronClaimsError):
                answers = answers_of(self.planned, claim, self._answered)
                groups.setdefault(kind_of(claim.sentence).name, []).append((claim, answers))
        for claims in groups.values():
            prepare = getattr(kind_of(claims[0][0].sentence), "prepare", None)
            if prepare is not None:
                with suppress(NeuronClaimsError):
                    prepare(claims, self._family)

    def _finding(self, claim: Claim, family: Family) -> Finding:
        answers = answers_of(self.planned, claim, self._answered)
        kind = kind_of(claim.sentence)
        try:
            finding = kind.judge(claim, answers, family)
        except KindError as error:
            raise KindError(f"The kind of claim {kind.name!r} is at fault: {error}") from error
        finding = at_its_level(at_its_boundary(finding), family.alpha)
        gaps = gaps_note(map(self._answered.get, self.planned.needs[claim.id]))
        return replace(
            finding,
            notes=(*finding.notes, *graders_note(claim), *gaps, *self.planned.source.notes),
            figures=(*finding.figures, *token_maps(self.planned, claim, finding, self._answered)),
        )


def findings_of(planned: FileOnModel, answered: Answered) -> Findings:
    """Return the findings of a file on one model alone; claims whose p lies close to its limit get more draws."""
    found = Findings(planned, answered, family_of(planned.file))
    for draws in MAX_DRAWS[1:]:
        for claim in unsettled(planned.file, found.by_id):
            found.draw_more(claim, draws)
    return found


def answers_of(planned: FileOnModel, claim: Claim, answered: Answered) -> Answers:
    """Return what a claim asks for; raise MeasurementError where it reads a value that is NaN or infinite."""
    found: dict[Measurement, NDArray[np.float32]] = {}
    for need in planned.needs[claim.id]:
        answer = answered[need]
        read = answer.read(columns_read(claim, need)) if isinstance(answer, Gappy) else answer
        found[need] = or_raise(read)
    return found


def finding_at(look: Findings | None, claim: Claim) -> Finding | None:
    """Return the finding about a claim at one look of a series; None where the claim or the model is in error."""
    return None if look is None else look.by_id.get(claim.id)
