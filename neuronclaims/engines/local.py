"""The local engine: jobs in, finished and checked batches out, on one model in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from neuronclaims.measurements.plan import Job
from neuronclaims.models.named import loaded
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.running.loading import load
from neuronclaims.models.running.worker import Finished, Worker
from neuronclaims.models.sources import Source


def run(
    source: Source, work: Sequence[Job], options: RunOptions, report: Callable[[Progress], None]
) -> Iterator[Finished]:
    """Load the model and yield every batch as it is finished; each has passed its checks.

    All texts are turned into tokens, and refused if they cannot be measured, before the first forward.
    """
    report(Progress("loading", 0, 1, source.name))
    ready = load(source, options)
    report(Progress("loading", 1, 1, source.name))
    workers: dict[str, Worker] = {job.worker: loaded(job.worker) for job in work}
    prepared = [workers[job.worker](ready, job, options) for job in work]
    done, total = 0, sum(len(job.items) for job in work)
    report(Progress("measuring", 0, total, source.name))
    for batches in prepared:
        for finished in batches:
            yield finished
            done += len(finished.items)
            report(Progress("measuring", done, total, source.name))
