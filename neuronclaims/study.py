"""The journey of a claim: from claim files to measured models to results.

The pytest plugin walks it one claim at a time and gets the whole family judged at the first; ``scripting`` is the same
journey for a script. Nothing here loads a model library: runs do, when something must really be measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from neuronclaims.cache.run_cache import RunCache, context_about
from neuronclaims.graders.registry import times_asked
from neuronclaims.judging.plans import Plans
from neuronclaims.kept.outlines import FileOutline
from neuronclaims.kept.verdicts import JudgedBefore, KeptVerdicts
from neuronclaims.loading.settings import UNSAID, LoadSettings
from neuronclaims.measurements.errors import kept, or_raise
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import LoadedModel, Source, open_model
from neuronclaims.models.structure.finding import keep_in
from neuronclaims.results import Result

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neuronclaims.answers import Answered, Answering, Measure
    from neuronclaims.claim_files.claims import Claim, ClaimFile
    from neuronclaims.judging.filled import Filled
    from neuronclaims.judging.findings import FileOnModel
    from neuronclaims.kinds.kind import Answers
    from neuronclaims.measurements import Measurement
    from neuronclaims.measurements.share import Share
    from neuronclaims.models.identity.fingerprint import Fingerprint


HeatMaps: TypeAlias = Literal["auto", "on", "off"]
"""Whether values token by token are measured, for the heat maps of reports."""

Verdicts: TypeAlias = Literal["kept", "fresh", "unkept"]
"""Whether verdicts are kept in the run cache and read back, only kept, or neither."""


class Study:
    """Claim files put to models: each model is measured once for all of them, each file judged as one family.

    ``cache`` is the folder where measured values are kept, None for nowhere. ``models`` are models handed over as
    objects or folders, by the name claim files use. ``measure`` answers the measurements: this process by default.
    ``trust_cache``: use a cache that others may have written into (docs/reliability.md). ``load`` is how models are
    loaded where neither ``options`` nor a claim file says it. ``download``: fetch hub ids that are not on this machine.
    The attribute ``heat_maps`` says whether neurons are shown token by token: ``auto`` where a model runs anyway,
    ``on`` also where one must be loaded for it. ``verdicts`` says whether what was judged before is known
    (``kept``), or judged anew.
    """

    def __init__(
        self,
        *,
        cache: str | Path | RunCache | None = None,
        options: RunOptions | None = None,
        models: Mapping[str, LoadedModel | Path | str] | None = None,
        progress: Callable[[Progress], None] | None = None,
        measure: Measure | None = None,
        trust_cache: bool = False,
        load: LoadSettings = UNSAID,
        download: bool = False,
    ) -> None:
        self._cache = RunCache(Path(cache), trust_cache) if isinstance(cache, (str, Path)) else cache
        memory = self._cache.fingerprints if self._cache else None
        keep_in(memory)
        self._plans = Plans(self._opened, memory)
        self._options = options or RunOptions()
        self._models = {
            name: Path(each) if isinstance(each, str) else each for name, each in (models or {}).items()
        }
        self._load, self._download = load, download
        self.heat_maps: HeatMaps = "off"
        self.verdicts: Verdicts = "unkept"
        self._measure, self._progress = measure, progress
        self._answered: dict[tuple[Path, str], Answered] = {}
        self._results: dict[tuple[Path, str], Mapping[str, Result] | Exception] = {}

    def expect(self, file: ClaimFile, model: str) -> None:
        """Announce that a file will be tested on a model, so that one run of the model serves all files."""
        if self._before(file, model) is None:
            self._plans.of(file, model)

    def judge(self, file: ClaimFile, model: str) -> Mapping[str, Result]:
        """Return the result of every claim of a file on one model, by id.

        What is wrong with one claim is in its result. Raises NeuronClaimsError for what is wrong with the model or
        with the run as a whole; whatever is raised is raised again when asked again, without another try.

        The models of a series are judged together, so all of them are measured; a model that the file does not name is
        judged by itself.
        """
        key = (file.path, model)
        if key not in self._results:
            before = self._before(file, model)
            if before is not None:
                self._results[key] = before.results
        if key not in self._results and file.series and model in file.models:
            self._judge_series(file)
        if key not in self._results:
            asked = times_asked()
            try:
                self._results[key] = found = self._judge(or_raise(self._plans.current(file, model)))
                self._keep(file, {model: found}, asked)
            except BaseException as error:
                self._results[key] = kept(error)
        return or_raise(self._results[key])

    def judged_before(self, outline: FileOutline, model: str) -> JudgedBefore | None:
        """Return what an earlier session found of a file on a model; None where it must be judged.

        No claim file is read for it, and nothing planned.
        """
        if self._keeper is None:
            return None
        return self._keeper.of(outline, model, fresh=self.verdicts == "fresh")

    def measure(self, file: ClaimFile, model: str, share: Share | None = None) -> Filled:
        """Measure what the claims of a file need of one model, so that the cache has it, and judge nothing.

        What other files that are expected on this model need is measured in the same run, which can be cut into shares:
        then only the texts of one ``share`` are measured. Raises NeuronClaimsError for what is wrong with the model or
        with the run as a whole.
        """
        from neuronclaims.judging.filled import Filled

        planned = or_raise(self._plans.current(file, model))
        if share is not None and share.shares > 1:
            filling = self._answering.fill(
                planned.source, planned.measurements, share, self._expected(planned.source)
            )
            return Filled.shared(planned, filling)
        answered = self._measured(planned)
        return Filled.of(planned, answered, self._answering.from_cache(planned.source, planned.measurements))

    def fingerprint(self, file: ClaimFile, model: str) -> Fingerprint:
        """Return the content hashes of a model; raise NeuronClaimsError if the model does not exist."""
        return self._plans.fingerprint(file, model)

    def noise(self, file: ClaimFile, model: str) -> Mapping[Measurement, NDArray[np.float64]]:
        """Measure the activations a file needs a second time; return how far each neuron's values moved, [width].

        Nothing is known where another than this process measures. Raises NeuronClaimsError as ``judge``.
        """
        planned = or_raise(self._plans.of(file, model))
        return self._answering.noise(planned.source, planned.measurements)

    def answers(self, file: ClaimFile, model: str, claim: Claim) -> Answers:
        """Return the measurements of a claim that ``judge`` has judged; raise NeuronClaimsError as it does."""
        from neuronclaims.judging.findings import answers_of

        self.judge(file, model)
        planned, key = or_raise(self._plans.of(file, model)), (file.path, model)
        if key not in self._answered:  # the verdict was known
            self._measured(planned)
        return answers_of(planned, claim, self._answered[key])

    def from_cache(self, file: ClaimFile, model: str, claim: str) -> tuple[int, int] | None:
        """Return how many texts of a judged claim came completely from the cache, and how many texts it has.

        None where no text is run, and where nothing is known: before the claim is judged, or where another than this
        process measures.
        """
        planned = self._plans.known(file, model)
        if planned is None or claim not in planned.needs:
            return None
        return self._answering.from_cache(planned.source, planned.needs[claim])

    def about(self, file: ClaimFile, model: str) -> dict[str, str]:
        """Describe how a model is run; raise NeuronClaimsError if the model does not exist."""
        return context_about(or_raise(self._plans.of(file, model)).source, self._options)

    def handed_over(self, model: str) -> LoadedModel | Path | None:
        """Return what was given for a model's name: an object, its folder, or None."""
        return self._models.get(model)

    @cached_property
    def _answering(self) -> Answering:
        from neuronclaims.answers import Answering
        from neuronclaims.engines.measure import measure_each

        return Answering(self._measure or measure_each, self._cache, self._options, self._progress)

    @cached_property
    def _keeper(self) -> KeptVerdicts | None:
        if self._cache is None or self.verdicts == "unkept" or self._options.verify:
            return None
        return KeptVerdicts(self._cache, self._options, self.heat_maps, self._opened)

    def _before(self, file: ClaimFile, model: str) -> JudgedBefore | None:
        return self.judged_before(FileOutline.of(file), model) if self._keeper is not None else None

    def _opened(self, file: ClaimFile | FileOutline, model: str) -> Source:
        load = self._options.load.over(file.load.of(model)).over(self._load)
        return open_model(
            model,
            file.path.parent,
            self._models,
            load=load,
            download=self._download,
            where=file.where(model),
        )

    def _judge(self, planned: FileOnModel) -> Mapping[str, Result]:
        """Measure what the file needs, judge each claim, and conclude on all of them as one family."""
        from neuronclaims.judging.findings import findings_of
        from neuronclaims.judging.verdicts import conclude

        found = findings_of(planned, self._measured(planned))
        return self._named(planned, conclude(planned.file, planned.source.name, found.by_id, found.errors))

    def _judge_series(self, file: ClaimFile) -> None:
        """Measure all models of a series, one after the other, and judge each claim through all of them."""
        from neuronclaims.judging.series import judge_series

        asked = times_asked()
        looks: dict[str, tuple[FileOnModel, Answered]] = {}
        failed: dict[str, Exception] = {}
        for model in file.models:
            try:
                planned = or_raise(self._plans.current(file, model))
                looks[model] = planned, self._measured(planned)
            except BaseException as error:
                failed[model] = kept(error)
        results: Mapping[str, Mapping[str, Result]] = {}
        try:
            results = judge_series(file, looks)
        except BaseException as error:
            failed |= dict.fromkeys(looks, kept(error))
        self._results.update({(file.path, model): reason for model, reason in failed.items()})
        named = {model: self._named(looks[model][0], found) for model, found in results.items()}
        self._results.update({(file.path, model): found for model, found in named.items()})
        if not failed:
            self._keep(file, named, asked)

    def _keep(self, file: ClaimFile, results: Mapping[str, Mapping[str, Result]], asked: int) -> None:
        """Keep verdicts that will be the same again; ``asked`` is how often graders were asked before.

        What a grader does is known by no file.
        """
        if self._keeper is None or self._measure is not None or times_asked() != asked:
            return
        refused = {model: or_raise(self._plans.of(file, model)).errors for model in results}

        def texts(model: str, claim: str) -> int | None:
            known = self.from_cache(file, model, claim)
            return None if known is None else known[1]

        self._keeper.keep(file, results, refused, texts)

    def _named(self, planned: FileOnModel, results: Mapping[str, Result]) -> Mapping[str, Result]:
        """Return results with the fingerprint of their model, and what its tokenizer makes of their texts."""
        fingerprint = self._plans.fingerprint_at_hand(planned.source)
        claims = {claim.id: claim for claim in planned.file.claims}
        return {
            name: replace(
                result,
                fingerprint=fingerprint,
                data=planned.data(claims[name]),
                readings=planned.read(claims[name]),
            )
            for name, result in results.items()
        }

    def _expected(self, source: Source) -> Iterator[Measurement]:
        """Yield what all expected files need of a model."""
        for other in self._plans.on(source):
            yield from other.measurements

    def _measured(self, planned: FileOnModel) -> Answered:
        """Return the answers of one model; measure what any expected file needs in the same run."""
        from neuronclaims.engines.measure import FollowUp
        from neuronclaims.judging.token_maps import token_values_of

        def maps(answers: Mapping[Measurement, NDArray[Any]]) -> Iterator[Measurement]:
            for other in self._plans.on(planned.source):
                yield from token_values_of(other, answers)

        then = FollowUp(maps, loads=self.heat_maps == "on") if self.heat_maps != "off" else None
        answered = self._answering.answer(
            planned.source, planned.measurements, lambda: self._expected(planned.source), then
        )
        self._answered[planned.file.path, planned.source.spec] = answered
        return answered
