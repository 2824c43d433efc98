"""Plan what would be measured on a model, and which claims could not be tested or not pass, without running it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neuronclaims.claim_files.prompts.misleading import items_of
from neuronclaims.engines.cost import Cost, cost_of, refused
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.kinds import kind_of
from neuronclaims.kinds.shared.subjects.selection import searches
from neuronclaims.kinds.tokens_asked import tokens_asked
from neuronclaims.loading.settings import UNSAID, LoadSettings
from neuronclaims.measurements.errors import MissingModelError
from neuronclaims.models.chats.odd_tokens import OddTokens, odd_tokens
from neuronclaims.models.sources import LoadedModel, Source, open_model
from neuronclaims.models.token_readings import token_readings
from neuronclaims.models.tokenization_check import TokenizationCheck, check_tokenization
from neuronclaims.planning.announcements import is_to_hold, planned_effects, unreachable
from neuronclaims.planning.reach import searched_in
from neuronclaims.tokens.readings import TokensReading

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim, ClaimFile
    from neuronclaims.measurements import Measurement


@dataclass(frozen=True, slots=True)
class FilePlan:
    """The plan of one claim file on one model: what its claims need, and, by id, why some cannot be tested or pass.

    ``needs`` is empty where nothing is known of the model.
    """

    file: ClaimFile
    needs: Mapping[str, tuple[Measurement, ...]]
    errors: Mapping[str, str]
    unreachable: Mapping[str, str]

    @property
    def effects(self) -> Mapping[str, tuple[str, ...]]:
        """What the prompts can show of stated effects, in sentences, each with the ids of the claims that it is about.

        A claim that is searched for is left out: only the model tells among how many neurons.
        """
        found: dict[str, tuple[str, ...]] = {}
        searched = {claim.id for claim in self.file.claims if searches(claim)}
        for name, said in planned_effects(self.file).items():
            if name not in searched and name not in self.errors:
                found[said] = (*found.get(said, ()), name)
        return found


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """The plan of one model and its files; ``missing`` says why nothing is known of the model.

    ``tokenization`` is None where its tokenizer is not at hand, ``weights`` says why they are not, or is None. ``odd``
    is what its tokenizer makes of odd texts, by set, and ``readings`` are the tokens that claims read or change, each
    for each file.
    """

    spec: str
    files: tuple[FilePlan, ...]
    source: Source | None = None
    missing: str | None = None
    weights: str | None = None
    cost: Cost | None = None
    tokenization: TokenizationCheck | None = None
    odd: tuple[Mapping[str, OddTokens], ...] = ()
    readings: tuple[tuple[TokensReading, ...], ...] = ()

    @property
    def fails(self) -> bool:
        """Whether a run of it would certainly end in an error of a claim."""
        lost = self.missing is not None and any(plan.file.if_missing == "fail" for plan in self.files)
        return lost or any(plan.errors for plan in self.files)

    @property
    def needs(self) -> tuple[Measurement, ...]:
        """All that its claims need, each once."""
        return _together(self.files)


def plans_of(
    asked: Iterable[tuple[ClaimFile, str]],
    models: Mapping[str, LoadedModel | Path],
    load: LoadSettings = UNSAID,
    unsaid: LoadSettings = UNSAID,
) -> list[ModelPlan]:
    """Plan one model at a time, with all files that are tested on it.

    A model is loaded as ``load`` says, then as its claim file does, then as ``unsaid`` does.
    """
    found: dict[tuple[str, Path | None, LoadSettings], list[ClaimFile]] = {}
    for file, spec in asked:
        how = load.over(file.load.of(spec)).over(unsaid)
        found.setdefault((spec, folder_of_model(file, spec, models), how), []).append(file)
    return [planned(files, spec, models, how) for (spec, _, how), files in found.items()]


def planned(
    files: Sequence[ClaimFile],
    spec: str,
    models: Mapping[str, LoadedModel | Path] | None = None,
    load: LoadSettings = UNSAID,
) -> ModelPlan:
    """Plan some claim files on the model they call ``spec``, which must be the same for all of them."""
    base, where = files[0].path.parent, files[0].where(spec)
    try:
        source = open_model(spec, base, models, weights=False, where=where, load=load)
    except NeuronClaimsError as error:
        said = error.short if isinstance(error, MissingModelError) else str(error)
        plans = tuple(FilePlan(file, {}, {}, unreachable(file)) for file in files)
        return ModelPlan(spec, plans, missing=said)
    plans = tuple(_file(file, source) for file in files)
    try:
        known = check_tokenization(source, _together(plans))
    except NeuronClaimsError as error:
        return ModelPlan(spec, plans, source, missing=str(error))
    plans = tuple(_refusing(plan, known.refused) for plan in plans) if known else plans
    cost = cost_of(source.facts(), _together(plans))
    odd = tuple(odd_tokens(source, items_of(file)) for file in files)
    readings = tuple(_readings(file, source) for file in files)
    weightless = _weightless(files[0], spec, models)
    return ModelPlan(spec, plans, source, None, weightless, cost, known, odd, readings)


def _readings(file: ClaimFile, source: Source) -> tuple[TokensReading, ...]:
    """Return the tokens that the claims of a file read or change, where these are some of their prompts' tokens."""
    asked = (each for claim in file.claims for each in tokens_asked(claim))
    return tuple(token_readings(source, asked).values())


def folder_of_model(file: ClaimFile, spec: str, models: Mapping[str, LoadedModel | Path]) -> Path | None:
    """Return the folder of a model, to distinguish equal relative paths in files of different folders."""
    try:
        return open_model(spec, file.path.parent, models, weights=False, where=file.where(spec)).folder
    except NeuronClaimsError:
        return None


def unknown_tokens(plan: ModelPlan) -> tuple[str, ...]:
    """Return the tokens that claims name and that were not looked up, in order."""
    if plan.tokenization is not None:
        return ()
    return tuple(sorted({token for need in plan.needs for token in need.tokens_named}))


def _weightless(file: ClaimFile, spec: str, models: Mapping[str, LoadedModel | Path] | None) -> str | None:
    try:
        open_model(spec, file.path.parent, models, where=file.where(spec))
    except NeuronClaimsError as error:
        return str(error)
    return None


def _file(file: ClaimFile, source: Source) -> FilePlan:
    needs: dict[str, tuple[Measurement, ...]] = {}
    errors: dict[str, str] = {}
    for claim in file.claims:
        try:
            found = kind_of(claim.sentence).needs(claim, source.facts())
        except NeuronClaimsError as error:
            errors[claim.id] = str(error)
        else:
            needs[claim.id] = found
    whole = FilePlan(file, needs, errors, unreachable(file, searched_in(file, source.facts()) or None))
    return _refusing(
        whole, {need: why for need in _together([whole]) if (why := refused(source.facts(), need))}
    )


def _refusing(plan: FilePlan, refused: Mapping[Measurement, str]) -> FilePlan:
    """Remove the claims that need a refused measurement, each with the reason."""
    lost = {name: refused[need] for name, needs in plan.needs.items() for need in needs if need in refused}
    kept = {name: needs for name, needs in plan.needs.items() if name not in lost}
    return FilePlan(plan.file, kept, {**plan.errors, **lost}, plan.unreachable)


def _together(plans: Sequence[FilePlan]) -> tuple[Measurement, ...]:
    return tuple(dict.fromkeys(need for plan in plans for needs in plan.needs.values() for need in needs))


def problems_of(plan: FilePlan) -> Iterator[tuple[Claim, str]]:
    """Yield the claims with a problem, in the file's order, and the problem.

    That too few prompts allow no support is no fault of a claim which is not expected to be supported.
    """
    for claim in plan.file.claims:
        if claim.id in plan.errors:
            yield claim, f"cannot be put to this model: {plan.errors[claim.id]}"
        elif claim.id in plan.unreachable and is_to_hold(claim):
            yield claim, f"cannot be supported: {plan.unreachable[claim.id]}"
