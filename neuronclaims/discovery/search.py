"""The journey of a search: prompts in, one half measured, neurons ranked, claims for the other half out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from typing_extensions import Unpack

from neuronclaims.answers import Answering
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.claim_files.claims import Claim
from neuronclaims.discovery.candidates import candidates, plan_for
from neuronclaims.discovery.discoveries import Discoveries
from neuronclaims.discovery.errors import DiscoveryError
from neuronclaims.discovery.question import Given, Question, Sought, question_of
from neuronclaims.discovery.sorts.measuring import SearchedHalf
from neuronclaims.discovery.sorts.registry import OTHERS
from neuronclaims.discovery.split import SplitSets, Texts, split, with_half
from neuronclaims.engines.measure import measure_each
from neuronclaims.kinds.shared.requests import seed_of
from neuronclaims.measurements.errors import or_raise
from neuronclaims.measurements.gaps import Gappy
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import open_model
from neuronclaims.models.structure.finding import keep_in
from neuronclaims.scripting.judge import NOTHING, Allow, Model, cache_folder, named_models
from neuronclaims.scripting.progress_bar import ProgressBar
from neuronclaims.sentences.subjects.layers import Layers, LayersError, parse_layers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neuronclaims.discovery.sorts.measuring import MeasuredNeurons
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.measurements.errors import MeasurementError
    from neuronclaims.models.sources import LoadedModel

MOST_CLAIMS = 100
"""Claims that are written at most: the more, the less each can show."""


class SearchSettings(TypedDict, total=False):
    """What else may be said of a search.

    ``site``, ``tokens`` ("mean of prompt" by default), ``generate``, ``alpha`` and ``seed`` are those of a claim file.
    ``layers`` are those that are searched, such as "layers 3 to 8"; ``k`` is the length of the lists of
    ``consistency``. ``token``, ``matching`` (a regular expression) or ``label`` is what neurons are to predict.

    ``outcome`` is what ``ablation``, ``restoration`` and ``corruption`` are to change, as sentences say it, such as
    '" an" over " a"'; ``direction`` says whether ablation "lowers" or "raises" it, ``replacement`` what neurons hold
    then; ``at`` the tokens at which values change. The ``best`` neurons by attribution are changed one by one. With
    ``beyond`` the change beyond that by random neurons is ranked and claimed.

    ``anyway`` makes claims of neurons that do not stand out. ``cache``, ``options``, ``allow`` and ``progress`` are
    those of ``judge``.
    """

    site: str | None
    tokens: str | None
    generate: object
    alpha: float
    seed: int
    layers: str | None
    k: int
    token: str | None
    matching: str | None
    label: str | None
    outcome: str | None
    direction: str | None
    replacement: str | None
    at: str | None
    best: int | None
    beyond: bool
    anyway: bool
    cache: str | PathLike[str] | bool | None
    options: RunOptions
    allow: Allow
    progress: bool | Callable[[Progress], None] | None


KEYS = ("site", "tokens", "generate", "alpha", "seed")
"""Settings that are keys of a claim file."""


def discover(
    what: Given,
    model: Model,
    target: str | None = None,
    against: str | None = None,
    *,
    kind: str = "contrast",
    top: int = 5,
    **settings: Unpack[SearchSettings],
) -> Discoveries:
    """Look for neurons on one half of some prompts, and return claims about them that the other half can test.

    ``what`` are sets by name (lists of prompts, tables, or files), files of prompts, or a claim file whose sets, site
    and tokens are taken. Neurons are ranked for the set ``target`` against the set ``against``, which may be left out
    where there are two, by the statistic of a ``kind`` of claim: ``contrast``, ``separation`` or ``consistency``. By
    ``prediction`` and ``ablation`` they are looked for in the set ``target`` alone, by ``restoration`` and
    ``corruption`` in one list of pairs of a clean and a corrupted text. The ``top`` ones are returned, and claims are
    made of those that stand out.

    Raises DiscoveryError for what cannot be searched, ClaimFileError for prompts that cannot be read, and
    NeuronClaimsError for what is wrong with the model.

    >>> from neuronclaims.demo import MODEL_FOLDER
    >>> where = ("north", "south", "east", "west", "port", "lake", "park", "market", "school", "museum")
    >>> sets = {"hanoi": [f"The {place} of Hanoi is old." for place in where],
    ...         "baseline": [f"The {place} has a red door." for place in where]}
    >>> found = discover(sets, MODEL_FOLDER, "hanoi", site="mlp_post", tokens="mean of prompt", layers="layer 2",
    ...                  cache=None)
    >>> found.neurons, found.found
    (512, True)
    """
    if not 1 <= top <= MOST_CLAIMS:
        raise DiscoveryError(f"Between 1 and {MOST_CLAIMS} neurons can be claimed, not {top}.")
    spec, objects = named_models(model, {})
    allow = settings.get("allow", NOTHING)
    keys = {key: value for key, value in settings.items() if key in KEYS and value is not None}
    others = {
        key: str(value)
        for key, value in settings.items()
        if key in OTHERS and value is not None and value is not False
    }
    wanted = Sought(kind, target, against, settings.get("k", 10), others)
    question = question_of(what, wanted, str(spec), keys, allow.folders)
    halves = split(question.claim, question.names, question.sort.unit)
    tested, alpha = halves.designs[1], question.file.alpha
    plan = plan_for(question.sort, tested, alpha, top)
    found, model_name = _measured(question, halves, objects, settings)
    if found.share < 1:
        plan = plan_for(question.sort, tested, alpha, top, found.share)
    made = candidates(
        question.sort,
        found.table,
        found.neurons,
        plan,
        seed=_seed(with_half(question.claim, halves.searched)),
        anyway=settings.get("anyway", False),
    )
    return Discoveries(made, found.searched, model_name, question, halves, found.share, found.beside)


def _measured(
    question: Question,
    halves: SplitSets,
    objects: Mapping[str, LoadedModel | Path],
    settings: SearchSettings,
) -> tuple[MeasuredNeurons, str]:
    """Measure on the half that is searched, and nothing on the other; return the model's name as well."""
    spec, allow = question.file.models[0], settings.get("allow", NOTHING)
    options = settings.get("options") or RunOptions()
    folder = cache_folder(settings.get("cache", True), question.file.path)
    kept = RunCache(folder, allow.trusted_cache) if folder is not None else None
    keep_in(kept.fingerprints if kept else None)
    progress = settings.get("progress")
    bar = ProgressBar(always=progress is True) if progress in (None, True) else None
    shows = bar if bar is not None else progress if callable(progress) else None
    source = open_model(
        spec,
        question.file.path.parent,
        objects,
        load=options.load.over(question.file.load.of(spec)),
        download=allow.download,
        where=question.file.where(spec),
    )
    facts, site = source.facts(), question.claim.settings.site
    if not facts.has(site):
        raise DiscoveryError(facts.without(site))
    wanted = _layers(settings, facts)
    layers = tuple(layer for layer in facts.layers_at(site) if layer in wanted)
    answering = Answering(measure_each, kept, options, shows)

    def ask(needs: Sequence[Measurement]) -> dict[Measurement, NDArray[np.float32]]:
        with bar or nullcontext():
            found = answering.answer(source, needs, lambda: needs)
        return {need: _whole(found[need]) for need in needs}

    searched = with_half(question.claim, halves.searched)
    half = SearchedHalf(searched, question.names, halves.designs[0], facts, layers, ask)
    return question.sort.measured(half), facts.name


def _whole(answer: NDArray[np.float32] | Gappy | MeasurementError) -> NDArray[np.float32]:
    """Return values that are finite throughout; raise MeasurementError for others."""
    return answer.read() if isinstance(answer, Gappy) else or_raise(answer)


def _layers(settings: SearchSettings, facts: ModelFacts) -> Layers:
    """Return the layers that are searched; raise DiscoveryError for what names none of the model."""
    said = settings.get("layers")
    if said is None:
        return Layers(None)
    try:
        layers = parse_layers(said)
    except LayersError as error:
        raise DiscoveryError(f"The layers cannot be read: {error.rule}.") from None
    if layers.layers is not None and not set(layers.layers) <= set(range(facts.layers)):
        raise DiscoveryError(
            f"{facts.name} has the layers 0 to {facts.layers - 1}, so {layers} cannot be searched."
        )
    return layers


def _seed(claim: Claim) -> int:
    texts: list[Texts] = [*claim.sets.values(), *claim.pairs.values()]
    sets = [sorted(each.prompts, key=lambda prompt: prompt.text) for each in texts]
    return seed_of(claim.settings, sets, "discovery")
