"""Open the study of a pytest session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from neuronclaims.pytest_session.known.forewarning import keep_waiting
from neuronclaims.pytest_session.known.remembered import cache_of, verdicts_of
from neuronclaims.pytest_session.load_settings import load_settings
from neuronclaims.pytest_session.nodes import ClaimItem, ModelNode
from neuronclaims.pytest_session.progress import progress_of
from neuronclaims.pytest_session.settings import folder_of, is_on, model_folders, value_of
from neuronclaims.run_settings import DOWNLOAD, VERIFY
from neuronclaims.study import HeatMaps, Study

if TYPE_CHECKING:
    from neuronclaims.models.sources import LoadedModel


def open_study(session: pytest.Session, models: Mapping[str, LoadedModel | Path]) -> Study:
    """Return the study of a session, which knows all claim files and models that were not deselected."""
    from neuronclaims.models.options import RunOptions

    if not isinstance(models, Mapping):
        pytest.fail(
            f"The fixture claims_models in conftest.py returns a {type(models).__name__}. Let it return a mapping from "
            "names of models to a LoadedModel or a folder.",
            pytrace=False,
        )
    config = session.config
    given, unsaid = load_settings(config)
    study = Study(
        cache=cache_of(config),
        options=RunOptions.of(
            given,
            verify=is_on(config, VERIFY),
            engine=value_of(config, "engine"),
            memory=value_of(config, "memory") or None,
            store=value_of(config, "store"),
            patience=value_of(config, "patience") or None,
        ),
        models={**models, **model_folders(config)},
        progress=progress_of(config),
        load=unsaid,
        download=is_on(config, DOWNLOAD),
    )
    if folder_of(config, "report") is not None:
        study.heat_maps = cast("HeatMaps", value_of(config, "heatmaps"))
    study.verdicts = verdicts_of(config)
    keep_waiting(config)
    for node in model_nodes(session.items):
        if study.judged_before(node.outline, node.spec) is None:
            study.expect(node.claim_file, node.spec)
    return study


def model_nodes(items: Iterable[pytest.Item]) -> list[ModelNode]:
    """Return the model nodes of the claims among some items, each once, in order."""
    return list(dict.fromkeys(item.parent for item in items if isinstance(item, ClaimItem)))
