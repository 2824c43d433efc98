"""``neuronclaims plan [PATHS] [--effect EFFECT] [--no-pilot]``: what a run takes, before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuronclaims.cli.groups import Without
from neuronclaims.cli.options import Paths, RunFlags
from neuronclaims.cli.output import say
from neuronclaims.errors import NeuronClaimsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuronclaims.claim_files.claims import ClaimFile
    from neuronclaims.cli.runs.asked import Asked
    from neuronclaims.scripting.plan import PlannedRun

EXAMPLES = (
    "neuronclaims plan claims/places.claims.yaml",
    'neuronclaims plan claims --no-pilot --effect "0.5 sd"',
    "neuronclaims plan claims/large.claims.yaml --model llama=configs/llama-70b --on h100",
)


def run(
    paths: Paths = None,
    effect: Annotated[
        str | None,
        typer.Option(
            "--effect",
            metavar="EFFECT",
            help="say how many prompts claims need for this true effect: '0.5 sd', 'AUROC 0.7', '70 %' or a number",
        ),
    ] = None,
    no_pilot: Annotated[
        bool, typer.Option("--no-pilot", help="load no model: say times only where speeds are kept")
    ] = False,
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            metavar="DEVICE",
            help="plan for another machine, from config.json alone: h100, h200, a100, a100-40gb, or how fast it is "
            "and its memory, as in '400 TFLOPS, 80 GB, 2 TB/s'",
        ),
    ] = None,
    utilisation: Annotated[
        float | None,
        typer.Option(
            "--utilisation",
            metavar="SHARE",
            help="the share of that device's speed that is reached (default: 0.3, a guess)",
        ),
    ] = None,
    *,
    flags: Annotated[RunFlags, Without("download")],
) -> int:
    """Say beforehand what a run takes, and how many prompts claims need.

    Passes, tokens, memory, disk and time, of what is not in the run cache yet. Where the speed of a model on this
    machine is not known, it is loaded, and a few of the texts are tried for about 10 seconds; speeds are kept in the
    cache. With --on, nothing is loaded: how many such devices hold the model, and how long they take, follow from its
    config.json and the devices' data sheet. The exit status is 1 where a claim could certainly not be tested.
    """
    from neuronclaims.cli.claim_files import found
    from neuronclaims.cli.runs.asked import Asked, telling_warnings
    from neuronclaims.naming import project_root
    from neuronclaims.scripting.plan import PlannedRun

    files = found(paths or [Path()])
    asked = Asked(project_root(files[0]), flags)
    asked.check()
    PlannedRun((), effect)  # what cannot be read is refused before any model is loaded
    elsewhere = _device(on, utilisation)
    with telling_warnings():
        chosen, wrong = asked.read_meant(files)
        planned = _planned(chosen, asked, pilot=not no_pilot, here=elsewhere is None)
        planned = planned.on(*elsewhere) if elsewhere is not None else planned
        plan = planned.for_effect(effect) if effect is not None else planned
    say(str(plan))
    return int(wrong or plan.fails)


def _device(on: str | None, utilisation: float | None) -> tuple[str, float] | None:
    """Return the device that is planned for and the share of its speed; None for this machine."""
    from neuronclaims.planning.devices import read_device
    from neuronclaims.planning.elsewhere import UTILISATION

    if on is None:
        if utilisation is not None:
            raise NeuronClaimsError("--utilisation is of a device: name it too, as in --on h100.")
        return None
    read_device(on)
    return on, UTILISATION if utilisation is None else utilisation


def _planned(files: Sequence[ClaimFile], asked: Asked, *, pilot: bool, here: bool) -> PlannedRun:
    from neuronclaims.scripting.progress_bar import ProgressBar

    with ProgressBar() as bar:
        return asked.plan(
            [(file, model) for file in files for model in file.models], bar, pilot=pilot, here=here
        )
