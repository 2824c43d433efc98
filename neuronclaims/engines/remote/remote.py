"""An engine whose models are in the workers of a pool; this process only gives out work and takes in values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from neuronclaims.engines.engine import EngineError
from neuronclaims.engines.remote.crew import TRIES, Crew, Done, LostQuestion
from neuronclaims.engines.remote.dispatch import Dispatch
from neuronclaims.engines.remote.messages import Refused
from neuronclaims.engines.remote.patience import Patience
from neuronclaims.engines.remote.pool import Pool
from neuronclaims.foreign_text import one_line
from neuronclaims.measurements import Measurement
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Finished, Job
from neuronclaims.models.options import Progress, Stage


class RemoteEngine:
    """An engine (``engines.engine.Engine``) on a pool, which ``opens`` when something must run, and not before."""

    def __init__(
        self,
        model: str,
        opens: Callable[[], Pool],
        report: Callable[[Progress], None],
        patience: Patience | None = None,
    ) -> None:
        self._model, self._opens, self._report, self._patience = model, opens, report, patience
        self._made: Crew | None = None
        self._wanted = False
        self._jobs = 0
        self.failures: dict[tuple[Need, str], MeasurementError] = {}

    @property
    def at_hand(self) -> bool:
        """Whether a worker has the model, and was to have it."""
        return self._wanted and self._made is not None and bool(self._made.loaded)

    @property
    def tolerance(self) -> float:
        """The share of a row's largest value that rounding alone may move."""
        crew, self._wanted = self._crew, True
        while crew.model is None:
            crew.load()
            list(crew.events())
        return crew.model.tolerance

    def refused(self, measurements: Sequence[Measurement]) -> dict[Measurement, MeasurementError]:
        """Return, of some measurements, those that the tokenizer refuses.

        One worker is asked, before it loads the model; the others load it meanwhile.
        """
        crew, asked, tries = self._crew, False, 0
        while True:
            if not asked and crew.members:
                crew.ask(next(iter(crew.members.values())), _REFUSED, "refused", tuple(measurements))
                asked = True
            if asked:
                crew.load(besides=_REFUSED)
            for event in list(crew.events()):  # all of them, also where the answer is not the last
                if isinstance(event, Done) and event.what == _REFUSED:
                    found: Refused = event.answer
                    return {measurements[place]: MeasurementError(why) for place, why in found.found}
                if isinstance(event, LostQuestion) and event.what == _REFUSED:
                    asked, tries = False, tries + 1
                    if tries == TRIES:
                        raise EngineError(
                            f"{TRIES} workers ended while they turned the texts for {self._model} into tokens: "
                            f"{one_line(event.reason)}."
                        )

    def run(self, work: Sequence[Job], stage: Stage = "measuring") -> Iterator[Finished]:
        """Yield every batch of some work as it comes from a worker.

        Raises ModelError where the model does not load, IntegrityError where a check fails, EngineError where there are
        no workers.
        """
        done, total, first = 0, sum(len(job.items) for job in work), self._jobs
        self._jobs += len(work)
        crew, self._wanted = self._crew, True
        if not crew.loaded:
            self._report(Progress("loading", 0, 1, self._model))
        dispatch, said = Dispatch(crew, work, first), None
        try:
            for finished in dispatch.run():
                if finished is not None:
                    yield finished
                    done = min(done + len(finished.items), total)
                if crew.loaded and said != (done, len(crew.loaded)):
                    said = done, len(crew.loaded)
                    self._report(Progress(stage, done, total, self._model, len(crew.loaded)))
        finally:
            self.failures |= dispatch.failures

    def close(self) -> None:
        """End the workers, and whatever was started for them."""
        if self._made is not None:
            self._made.close()
            self._made = None

    @property
    def _crew(self) -> Crew:
        if self._made is None:
            self._made = Crew(self._opens(), self._model, self._patience)
        return self._made


_REFUSED = "refused"
