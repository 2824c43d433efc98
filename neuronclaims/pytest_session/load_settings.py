"""How models are loaded, by the command line of pytest and by its configuration file.

Imported by every pytest run of an environment, so nothing but pytest is loaded here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from neuronclaims.loading.settings import LoadSettings


def load_settings(config: pytest.Config) -> tuple[LoadSettings, LoadSettings]:
    """Return how models are loaded: what the command line says, and what the configuration file says.

    A claim file stands between the two.
    """
    from neuronclaims.loading.settings import SETTINGS as NAMES
    from neuronclaims.loading.settings import LoadSettings

    given: dict[str, str | None] = {name: config.getoption(f"claims_{name}") for name in NAMES}
    unsaid: dict[str, str | None] = {name: str(config.getini(f"claims_{name}")) or None for name in NAMES}
    for said in (given, unsaid):
        if (folder := said["offload_folder"]) is not None:
            base = config.invocation_params.dir if said is given else config.rootpath
            said["offload_folder"] = str(base / Path(folder).expanduser())
    return LoadSettings(**given), LoadSettings(**unsaid)


def check_load(config: pytest.Config) -> None:
    """Raise pytest's UsageError for device maps and sizes that cannot be read, and for a device beside a map."""
    names = [f"claims_{name}" for name in ("device_map", "max_memory", "offload_folder")]
    if not any(config.getoption(name) or config.getini(name) for name in names):
        return
    from neuronclaims.loading.settings import LoadingError

    try:
        clash = next((each.clash for each in load_settings(config) if each.clash is not None), None)
    except LoadingError as error:
        clash = str(error)
    if clash is not None:
        raise pytest.UsageError(clash)


def meant_word(name: str, value: str) -> str:
    """Return what somebody probably meant by the value of a setting of loading, as the end of a message."""
    if name not in ("dtype", "device", "attention"):
        return ""
    from neuronclaims.loading.settings import meant

    near = meant(name, value)
    return f"; did you mean {near}?" if near else ""
