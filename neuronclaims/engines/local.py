"""The local engine: jobs in, finished and checked batches out, on one model in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from neuronclaims.engines.plan import Job
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.running import changed, pooled, readout
from neuronclaims.models.running.finished import Finished, Worker
from neuronclaims.models.running.loading import load
from neuronclaims.models.sources import Source

WORKERS: dict[str, Worker] = {"pooled": pooled.work, "changed": changed.work, "readout": readout.work}


def run(
    source: Source, work: Sequence[Job], options: RunOptions, report: Callable[[Progress], None]
) -> Iterator[Finished]:
    """Load the model and yield every batch as it is finished; each has passed its checks.

    All texts are turned into tokens, and refused if they cannot be measured, before the first forward.
    """
    report(Progress("loading", 0, 1, source.name))
    ready = load(source, options)
    report(Progress("loading", 1, 1, source.name))
    prepared = [WORKERS[job.work](ready, job, options) for job in work]
    done, total = 0, sum(len(job.items) for job in work)
    report(Progress("measuring", 0, total, source.name))
    for batches in prepared:
        for finished in batches:
            yield finished
            done += len(finished.items)
            report(Progress("measuring", done, total, source.name))
