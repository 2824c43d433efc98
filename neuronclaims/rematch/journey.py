"""Find the neurons of a claim file in a second model, and test its claims there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from neuronclaims.claim_files.claims import Claim, ClaimFile
from neuronclaims.kinds import ClaimError, kind_of
from neuronclaims.kinds.shared.subjects.neurons import check_neuron
from neuronclaims.measurements import ModelFacts
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import LoadedModel
from neuronclaims.rematch.halves import Halves, halved
from neuronclaims.rematch.models import TwoModels
from neuronclaims.rematch.naming import named, renamed
from neuronclaims.rematch.search import Match, RematchPair, Remembered, Status, matches
from neuronclaims.rematch.tokenwise import Held
from neuronclaims.results import Result
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.study import Study

NO_NEURON = "no neuron is named, so it can be put to the new model as it is"


@dataclass(frozen=True, slots=True)
class Rematched:
    """The neurons of one claim in the new model, and its result there.

    ``matches`` are those of the neurons it names. ``text`` is its sentence about the neurons of the new model, None
    unless all were found; ``result`` is what that sentence came to on the half of the prompts on which no neuron was
    looked for. ``note`` says why no neuron of it was looked for, None where they were; ``nameless`` is True where that
    is because it names none. ``torn`` are its sets whose
    groups lie in both halves, as nothing could be halved otherwise: on them that result leans on the search.
    """

    claim: Claim
    matches: tuple[Match, ...] = ()
    text: str | None = None
    result: Result | None = None
    note: str | None = None
    torn: tuple[str, ...] = ()
    nameless: bool = False

    @property
    def status(self) -> Status | None:
        """Return the status of its neurons together: not found if one of them was not; None if it has none."""
        if not self.matches:
            return None
        each: Sequence[Status] = [match.status for match in self.matches]
        order: Sequence[Status] = ("not found", "moved", "still")
        return next(status for status in order if status in each)

    @property
    def places(self) -> dict[Neuron, Neuron]:
        """Return where each of its neurons lies now; empty unless all were found."""
        return {} if self.text is None else {match.old: match.best for match in self.matches}


def rematch(
    file: ClaimFile,
    models: TwoModels,
    *,
    only: Collection[str] | None = None,
    options: RunOptions | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> list[Rematched]:
    """Look in one model for the neurons that the claims of a file name in another, and test the claims there.

    ``only`` are the ids of the claims that are looked at, all for None. Raises NeuronClaimsError for prompts that
    cannot be halved and for what is wrong with a model or a run; what is wrong with one claim is in its note.
    """
    options = options or RunOptions()
    halves = halved(file)
    sources = models.opened(file)
    asked = [claim for claim in file.claims if only is None or claim.id in only]
    notes = {claim.id: _note(claim, sources[0].facts(), sources[1].facts()) for claim in asked}
    rest = [claim for claim in asked if notes[claim.id] is None]
    if not rest:
        return [_matched(claim, {}, notes[claim.id]) for claim in asked]
    report(f"reading the neurons in {sources[0].name}")
    texts = sorted(halves.searched | halves.checked)
    old_neurons = _remembered(Held(sources[0], options), rest, texts)
    report(f"looking for {sum(len(each.neurons) for each in old_neurons)} neurons in {sources[1].name}")
    held = Held(sources[1], options)
    found: dict[tuple[str, Neuron], Match] = {}
    for each in old_neurons:
        looked = matches(RematchPair(each, held), sorted(halves.searched), sorted(halves.checked))
        found |= {(each.site, neuron): match for neuron, match in looked.items()}
    report("testing the claims on the other half of the prompts")
    done = [_matched(claim, found, notes[claim.id]) for claim in asked]
    results = _retested(file, done, halves, models.new, held.model, options)
    return [
        replace(
            each, result=results.get(each.claim.id), torn=halves.torn_of(each.claim.sets, each.claim.pairs)
        )
        for each in done
    ]


def _remembered(old: Held, claims: Sequence[Claim], texts: Sequence[str]) -> list[Remembered]:
    """Return the values of the claims' neurons in the old model, by site; both models are never in memory together."""
    neurons: dict[str, set[Neuron]] = {}
    for claim in claims:
        neurons.setdefault(claim.settings.site, set()).update(_neurons(claim))
    return [Remembered.of(old, site, some, texts) for site, some in sorted(neurons.items())]


def _note(claim: Claim, old: ModelFacts, new: ModelFacts) -> str | None:
    """Return why no neuron of a claim is looked for; None if its neurons are looked for."""
    if claim.neuron_sets:
        return f"its neurons are the set {next(iter(claim.neuron_sets))}: look for them where they come from"
    if not _neurons(claim):
        return NO_NEURON
    site = claim.settings.site
    if site not in new.widths:
        return f"{new.name} has no site {site}"
    try:
        for neuron in _neurons(claim):
            check_neuron(neuron, site, old)
    except ClaimError as error:
        return str(error)
    return None


def _neurons(claim: Claim) -> tuple[Neuron, ...]:
    return tuple(dict.fromkeys(each for neurons in named(claim.sentence).values() for each in neurons))


def _matched(claim: Claim, found: Mapping[tuple[str, Neuron], Match], note: str | None) -> Rematched:
    if note is not None:
        return Rematched(claim, note=note, nameless=not _neurons(claim) and not claim.neuron_sets)
    own = tuple(found[claim.settings.site, neuron] for neuron in _neurons(claim))
    own = _apart(claim, own)
    if any(match.why is not None for match in own):
        return Rematched(claim, own)
    return Rematched(claim, own, _text(claim, {match.old: match.best for match in own}))


def _apart(claim: Claim, own: Sequence[Match]) -> tuple[Match, ...]:
    """Drop matches that a claim cannot name: one new neuron for two old ones, or one outside the layers searched."""
    searched = claim.settings.searched
    checked = []
    for match in own:
        why = match.why
        if why is None and sum(other.best == match.best for other in own) > 1:
            why = f"{match.best} goes with another neuron of this claim, too"
        elif why is None and searched is not None and match.best.layer not in searched:
            why = f"it goes with {match.best} (r = {match.held:.2f}), which is not in {searched}, where it was searched"
        checked.append(replace(match, why=why))
    return tuple(checked)


def _text(claim: Claim, places: Mapping[Neuron, Neuron]) -> str:
    return kind_of(claim.sentence).template.render(renamed(claim.sentence, places))


def _retested(
    file: ClaimFile,
    done: Iterable[Rematched],
    halves: Halves,
    model: str,
    loaded: LoadedModel,
    options: RunOptions,
) -> Mapping[str, Result]:
    """Return, by id, the results of all claims whose neurons were found, on the half that was not searched."""
    claims = tuple(_halved(each, halves) for each in done if each.text is not None)
    if not claims:
        return {}
    half = replace(file, claims=claims, models=(model,))
    return Study(models={model: loaded}, options=options).judge(half, model)


def _halved(each: Rematched, halves: Halves) -> Claim:
    claim = each.claim
    return replace(
        claim,
        sentence=renamed(claim.sentence, each.places),
        text=each.text or claim.text,
        sets={name: halves.kept(prompts) for name, prompts in claim.sets.items()},
        pairs={name: halves.kept_pairs(pairs) for name, pairs in claim.pairs.items()},
    )
