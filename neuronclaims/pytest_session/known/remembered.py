"""The run cache of a session, and what it remembers of claim files that were read before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from neuronclaims.cache.notes import Notes
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.kept.code import code_and_libraries
from neuronclaims.kept.outlines import FileOutline, recalled_outline
from neuronclaims.pytest_session.baselines.baseline_settings import wants_baseline
from neuronclaims.pytest_session.settings import folder_of, is_on, prompt_folders
from neuronclaims.reports.drawn import Drawn
from neuronclaims.run_settings import FRESH, TRUST_CACHE, VERIFY

if TYPE_CHECKING:
    from neuronclaims.study import Verdicts

_CACHE = pytest.StashKey["RunCache | None"]()


def cache_of(config: pytest.Config) -> RunCache | None:
    """Return the run cache of a session, None where it has none."""
    if _CACHE not in config.stash:
        folder = folder_of(config, "cache")
        config.stash[_CACHE] = None if folder is None else RunCache(folder, is_on(config, TRUST_CACHE))
    return config.stash[_CACHE]


def verdicts_of(config: pytest.Config) -> Verdicts:
    """Return what becomes of verdicts: where baselines are saved or compared, the values behind them are needed."""
    if wants_baseline(config):
        return "unkept"
    return "fresh" if is_on(config, FRESH) or is_on(config, VERIFY) else "kept"


def outline_known(config: pytest.Config, path: Path) -> FileOutline | None:
    """Return the outline of a claim file that an earlier session read and judged, None where it must be read."""
    cache = cache_of(config)
    if cache is None or verdicts_of(config) != "kept" or config.option.claims_dry_run:
        return None
    folders = prompt_folders(config)
    return recalled_outline(Notes(cache), path, folders.root, folders.allowed)


def drawn_before(config: pytest.Config) -> Drawn | None:
    """Return what earlier sessions drew of the same results; None where nothing is known of them, or kept."""
    cache = cache_of(config)
    if cache is None or is_on(config, FRESH):
        return None
    return Drawn(Notes(cache), code_and_libraries())
