"""Answer what is asked of models: each model is measured in one run for all who ask, and nothing is measured twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from neuronclaims.cache.origins import Origin, from_cache
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import Filling, FollowUp, fill, measure_each
from neuronclaims.engines.noise import noise_floor
from neuronclaims.measurements import Activations, Measurement
from neuronclaims.measurements.errors import MeasurementError, kept, or_raise
from neuronclaims.measurements.gaps import Gappy, with_gaps
from neuronclaims.measurements.measurement import describe
from neuronclaims.measurements.share import Share
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source
from neuronclaims.provenance import identity

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Measure(Protocol):
    """A function that measures a model: ``engines.measure_each``, or a substitute for it in tests."""

    def __call__(
        self,
        source: Source,
        measurements: Sequence[Measurement],
        *,
        cache: RunCache | None,
        options: RunOptions,
        progress: Callable[[Progress], None] | None,
    ) -> Mapping[Measurement, NDArray[np.float32]]:
        """Return a float32 array [prompts, width] for every measurement.

        What fails may be left out with its error in an attribute ``failed``; or all fails with MeasurementError, and
        is asked for again in halves.
        """
        ...


Answered: TypeAlias = "dict[Measurement, NDArray[np.float32] | Gappy | MeasurementError]"


class Answering:
    """The answers of every model that was asked: arrays, or the error of what could not be measured."""

    def __init__(
        self,
        measure: Measure,
        cache: RunCache | None,
        options: RunOptions,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._run = measure
        self._cache = cache
        self._options = options
        self._progress = progress
        self._answers: dict[object, Answered | Exception] = {}
        self._filled: dict[object, Filling | Exception] = {}
        self._states: dict[object, str] = {}
        self._origins: dict[object, dict[Measurement, Origin]] = {}

    def answer(
        self,
        source: Source,
        needs: Iterable[Measurement],
        expected: Callable[[], Iterable[Measurement]],
        then: FollowUp | None = None,
    ) -> Answered:
        """Return all answers of a model, those to ``needs`` among them; ``expected`` is measured in the same run.

        ``then`` says what else is good to know (``engines.measure_each``); only this process answers that.

        A model object that was changed since is measured anew, and so is one that can change in ways that are not
        seen. Raises the error of the model or of the run, the same one to everybody who needs it.
        """
        which = identity(source)
        lasting = self._watch(source)
        known = self._answers.setdefault(which, {})
        if not isinstance(known, Exception) and not known.keys() >= set(needs):
            try:
                new = [need for need in dict.fromkeys(expected() if lasting else needs) if need not in known]
                known |= _checked(_described(self._measure(source, new, then)), source.name)
            except BaseException as error:
                self._answers[which] = kept(error)
        return or_raise(self._answers[which])

    def fill(
        self, source: Source, needs: Iterable[Measurement], share: Share, expected: Iterable[Measurement]
    ) -> Filling:
        """Measure one share of what a model is asked into the cache; ``expected`` is measured in the same run.

        Raises MeasurementError where there is no cache or where another than this process measures, and the error of
        the model or of the run, the same one to everybody who asks for it.
        """
        if self._cache is None or self._run is not measure_each:
            raise MeasurementError(
                "A share of a run is measured for the others, so there must be a run cache."
            )
        which = identity(source)
        if which not in self._filled:
            wanted = [*needs, *expected]
            try:
                self._filled[which] = fill(
                    source, wanted, share, cache=self._cache, options=self._options, progress=self._progress
                )
            except BaseException as error:
                self._filled[which] = kept(error)
        return or_raise(self._filled[which])

    def noise(
        self, source: Source, needs: Iterable[Measurement]
    ) -> Mapping[Measurement, NDArray[np.float64]]:
        """Measure activations a second time; return how far each neuron's values moved, [width].

        Nothing is known where another than this process measures. Raises NeuronClaimsError as a run does.
        """
        activations = [need for need in needs if isinstance(need, Activations)]
        if self._run is not measure_each or not activations:
            return {}
        found = noise_floor(
            source, activations, cache=self._cache, options=self._options, progress=self._progress
        )
        return {need: each.columns for need, each in found.items()}

    def from_cache(self, source: Source, needs: Iterable[Measurement]) -> tuple[int, int] | None:
        """Return how many texts of ``needs`` came from the cache completely, and how many texts there are.

        None where no text is run, and where nothing is known: before they are answered, or where another than this
        process measures.
        """
        known = self._origins.get(identity(source), {})
        read, texts = from_cache(known[need] for need in needs if need in known)
        return (read, texts) if texts else None

    def _watch(self, source: Source) -> bool:
        """Forget what a model object answered in another state; say whether its answers last beyond one question."""
        state = source.state()
        if state is None:
            return True
        which = identity(source)
        if state.unknown is not None or self._states.setdefault(which, state.digest) != state.digest:
            self._states[which] = state.digest
            self._answers.pop(which, None)
            self._origins.pop(which, None)
        return state.unknown is None

    def _measure(self, source: Source, needs: list[Measurement], then: FollowUp | None = None) -> Answered:
        """Measure in one run; if that fails, halve the needs until only those that cannot be measured are left out."""
        try:
            run = partial(measure_each, then=then) if self._run is measure_each else self._run
            found = run(source, needs, cache=self._cache, options=self._options, progress=self._progress)
            self._origins.setdefault(identity(source), {}).update(getattr(found, "origins", {}))
            return {**found, **getattr(found, "failed", {})}
        except MeasurementError as error:
            if len(needs) == 1:
                return {needs[0]: error}
            half = len(needs) // 2
            return self._measure(source, needs[:half]) | self._measure(source, needs[half:])


def _checked(answered: Answered, model: str) -> Answered:
    """Let answers that are not finite throughout say what they are of; the others stay as they are."""
    return {
        need: with_gaps(need, answer, model) if isinstance(answer, np.ndarray) else answer
        for need, answer in answered.items()
    }


def _described(answered: Answered) -> Answered:
    """Name in each error what could not be measured; equal errors name it once for all."""
    failed: dict[str, list[Measurement]] = {}
    for need, answer in answered.items():
        if isinstance(answer, MeasurementError):
            failed.setdefault(str(answer), []).append(need)
    described = {
        text: MeasurementError(f"{text} (Asked for: {describe(needs)}.)") for text, needs in failed.items()
    }
    return answered | {need: described[text] for text, needs in failed.items() for need in needs}
