"""``neuronclaims measure [PATHS]``: the run cache filled, and nothing judged."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuronclaims.cli.options import Paths, RunFlags
from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError

if TYPE_CHECKING:
    from neuronclaims.cli.runs.asked import Asked
    from neuronclaims.judging.filled import Filled
    from neuronclaims.measurements.share import Share

EXAMPLES = (
    "neuronclaims measure claims",
    "neuronclaims measure claims --model tuned=./tuned --device cuda",
    "neuronclaims measure claims --shard 1/4 --cache /shared/neuronclaims",
)


def run(
    paths: Paths = None,
    shard: Annotated[
        str,
        typer.Option(
            "--shard",
            metavar="I/N",
            help="measure the i-th of n shares of the texts only; other processes, also on other machines, measure "
            "the others into the same cache",
        ),
    ] = "1/1",
    *,
    flags: RunFlags,
) -> int:
    """Measure what claims need of their models, and judge nothing.

    The values are kept in the run cache. pytest finds them there if it runs models in the same way: on the same device,
    with the same number type and libraries, as 'neuronclaims cache info' lists them. Settings of pytest in the project
    (claims_cache, claims_model, claims_device ...) apply where no option is given.

    An error in one file, model or claim is reported, and the others are measured; the exit status is then 1.
    """
    from neuronclaims.cli.claim_files import found
    from neuronclaims.cli.runs.asked import Asked, telling_warnings
    from neuronclaims.measurements.share import Share
    from neuronclaims.naming import project_root

    files = found(paths or [Path()])
    asked = Asked(project_root(files[0]), flags)
    asked.check()
    share = Share.parse(shard)
    with telling_warnings():
        return int(not all(list(_measured(files, asked, share))))


def _measured(paths: Sequence[Path], asked: Asked, share: Share) -> Iterator[bool]:
    """Measure for all files, and yield whether each file, and each model of it, went well."""
    from neuronclaims.engines.measure import measure_each
    from neuronclaims.measurements.errors import MissingModelError
    from neuronclaims.scripting.progress_bar import ProgressBar

    files, wrong = asked.read_meant(paths)
    yield not wrong
    bars = [ProgressBar()]
    study = asked.study(lambda step: bars[-1](step), measure_each)
    pairs = [(file, model) for file in files for model in file.models]
    for file, model in pairs:
        study.expect(file, model)
    for file, model in pairs:
        name = f"{file.claims[0].place.path} on {model}"
        bars.append(ProgressBar())
        try:
            with bars[-1]:
                filled = study.measure(file, model, share)
        except NeuronClaimsError as error:
            skipped = isinstance(error, MissingModelError) and file.if_missing == "skip"
            say(f"{name}: {'skipped: ' if skipped else ''}{error}", file=sys.stderr)
            yield skipped
        else:
            say(f"{name}: {_account(filled, share)} {asked.cache_folder}")
            for claim, reason in filled.errors.items():
                say(f"{name}: {claim} cannot be measured: {reason}", file=sys.stderr)
            yield not filled.errors


def _account(filled: Filled, share: Share) -> str:
    texts = filled.measured + filled.known
    part = f" of share {share.number}/{share.shares}" if share.shares > 1 else ""
    if not texts:
        return f"no text to run for{part}; the cache is"
    return f"{filled.measured:,} of {texts:,} texts{part} measured, {filled.known:,} were there already, in"
