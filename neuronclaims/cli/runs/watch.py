"""``neuronclaims watch [PATHS]``: claim files judged again when they change, with their models kept loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neuronclaims.cli.options import (
    Attention,
    Cache,
    Device,
    DeviceMap,
    Download,
    Dtype,
    Matching,
    MaxMemory,
    Models,
    OffloadFolder,
    PromptFolders,
    TrustCache,
)
from neuronclaims.cli.output import say

EXAMPLES = ("neuronclaims watch claims", "neuronclaims watch claims/example.claims.yaml -k hanoi")


def run(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH", help="claim files, and folders to search for them (default: this folder)"
        ),
    ] = None,
    matching: Matching = "",
    models: Models = None,
    cache: Cache = None,
    device: Device = None,
    dtype: Dtype = None,
    attention: Attention = None,
    device_map: DeviceMap = None,
    max_memory: MaxMemory = None,
    offload_folder: OffloadFolder = None,
    prompt_folder: PromptFolders = None,
    trust_cache: TrustCache = False,
    download: Download = False,
) -> int:
    """Judge claims again whenever their file, or a file that it names, changes.

    The models stay loaded, so that only what is new is measured. A file that cannot be read is told with its place,
    and watching goes on. Settings of pytest in the project count where no option is given. Ctrl-C ends.
    """
    from neuronclaims.cli.runs.asked import Asked
    from neuronclaims.cli.runs.changes import wait
    from neuronclaims.cli.runs.watched import Watched
    from neuronclaims.loading.settings import LoadSettings
    from neuronclaims.naming import project_root

    given = paths or [Path()]
    asked = Asked(
        root=project_root(given[0]),
        models=models or (),
        cache=cache,
        load=LoadSettings(dtype, device, attention, device_map, max_memory, offload_folder),
        prompt_folders=prompt_folder or (),
        trust_cache=trust_cache,
        download=download,
        matching=matching,
    )
    asked.check()
    try:
        Watched(given, asked).follow(wait)
    except KeyboardInterrupt:
        say("")
    return 0
