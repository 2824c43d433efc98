"""Commands, ready to run, that look for lost neurons and write the claim file for the new model."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_text import one_line
from neuronclaims.pytest_session.baselines.lost import Lost
from neuronclaims.pytest_session.baselines.rematching import fingerprints, path_from, spelled
from neuronclaims.pytest_session.settings import value_of

UNKNOWN = "OLD_MODEL"
DEFAULTS = {"device": "cpu", "dtype": "float32", "attention": "sdpa"}


def hint(families: Sequence[Lost], config: pytest.Config) -> str:
    """Return how to look for the neurons of lost claims, if the session did not do it."""
    known = [(lost, old_of(lost, config)) for lost in families]
    found = [(lost, old, line) for lost, old in known if (line := command(lost, old or UNKNOWN, config))]
    if not found:
        return one_line("Lost neurons may have moved: --claims-rematch=OLD_MODEL looks for them.")
    _, old, line = found[0]
    more = "" if len(families) == 1 else f", and likewise for {_and(families[1:])}"
    text = f"Lost neurons may have moved. To look for them: {line}{more}"
    return one_line(f"{text} (or pytest with --claims-rematch={shlex.quote(old or UNKNOWN)})")


def written(moved: Sequence[tuple[Lost, str]], config: pytest.Config) -> list[str]:
    """Return the commands that write claim files about the new models."""
    lines = [command(lost, old, config) for lost, old in moved]
    return [one_line(f"To write the claims about the new model: {line}") for line in lines if line]


def command(lost: Lost, old: str, config: pytest.Config) -> str | None:
    """Return the ``neuronclaims rematch`` command for a file and its two models; None if a model is not on disk."""
    called = config.invocation_params.dir
    if lost.far or not isinstance(lost.handed_over, (Path, type(None))):
        return None
    new = (
        path_from(called, lost.handed_over)
        if lost.handed_over
        else spelled(lost.where, lost.file.parent, called)
    )
    words = ["neuronclaims", "rematch", path_from(called, lost.file), "--old", old, "--new", new]
    for name, default in DEFAULTS.items():
        if value_of(config, name) not in ("", default):
            words += [f"--{name}", value_of(config, name)]
    return shlex.join(words)


def old_of(lost: Lost, config: pytest.Config) -> str | None:
    """Return the model of a baseline, if it is known: the one that the file names and another one replaces."""
    if not isinstance(lost.handed_over, Path):
        return None
    from neuronclaims.models.sources import open_model
    from neuronclaims.provenance import Fingerprints

    with suppress(NeuronClaimsError, OSError):
        source = open_model(lost.where, lost.file.parent)
        if Fingerprints(fingerprints(config)).at_hand(source) in lost.was.values():
            return spelled(lost.where, lost.file.parent, config.invocation_params.dir)
    return None


def _and(families: Sequence[Lost]) -> str:
    first = ", ".join(lost.name for lost in families[:2])
    return first if len(families) <= 2 else f"{first} and {len(families) - 2} more"
