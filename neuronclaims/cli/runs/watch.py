"""``neuronclaims watch [PATHS]``: claim files judged again when they change, with their models kept loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from neuronclaims.cli.groups import Without
from neuronclaims.cli.options import Paths, RunFlags
from neuronclaims.cli.output import say

EXAMPLES = ("neuronclaims watch claims", "neuronclaims watch claims/example.claims.yaml -k hanoi")


def run(
    paths: Paths = None,
    *,
    flags: Annotated[RunFlags, Without("engine")],
) -> int:
    """Judge claims again whenever their file, or a file that it names, changes.

    The models stay loaded, so that only what is new is measured. A file that cannot be read is reported with its
    place, and watching goes on. Settings of pytest in the project apply where no option is given. Ctrl-C ends.
    """
    from neuronclaims.cli.runs.asked import Asked
    from neuronclaims.cli.runs.changes import wait
    from neuronclaims.cli.runs.watched import Watched
    from neuronclaims.naming import project_root

    given = paths or [Path()]
    asked = Asked(project_root(given[0]), flags)
    asked.check()
    try:
        Watched(given, asked).follow(wait)
    except KeyboardInterrupt:
        say("")
    return 0
