"""The part of saving and comparing that is done where claims run, also on xdist's workers.

Each claim's row, and what became of it, are worked out within its own item and travel on its report. All claims of
its family are looked at together, whatever ``-k`` selects.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from neuronclaims.baselines.aligned import aligned
from neuronclaims.baselines.asked import asked_of
from neuronclaims.baselines.changes import noise_of
from neuronclaims.baselines.content import content_of
from neuronclaims.baselines.drift import Drift, drifts
from neuronclaims.baselines.origins import rows_for
from neuronclaims.baselines.policy import Policy, parse_policy
from neuronclaims.baselines.reading import check_name, find, home_of, is_path, read_baseline
from neuronclaims.baselines.rows import (
    Baseline,
    BaselineError,
    Environment,
    SavedClaim,
    SavedValues,
    rounded,
    row_of,
)
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_text import harmless
from neuronclaims.judging.verdicts import broken
from neuronclaims.models.sources import LoadedModel
from neuronclaims.pytest_session.baselines.baseline_settings import fail_on
from neuronclaims.pytest_session.baselines.compared_claim import ComparedClaim, TestedModel
from neuronclaims.pytest_session.baselines.environments import environment_of
from neuronclaims.pytest_session.nodes import ClaimItem
from neuronclaims.pytest_session.outcomes import ClaimDrifted, drift_message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.measurements import Measurement
    from neuronclaims.results import Result, UnitValues
    from neuronclaims.study import Study

    Moved = Mapping[Measurement, NDArray[np.float64]]

NAME = "neuronclaims-comparing"


class Comparing:
    """The baseline of a session, and the families that were judged."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.policy = _policy(config)
        self.compare: str | None = config.getoption("claims_compare")
        self.save: str | None = config.getoption("claims_save")
        self.objects: dict[str, LoadedModel] = {}
        """Models handed over as objects, by the names of claim files, where this process ran claims on them."""
        self._home: Path | None = None
        self._baseline: tuple[Path, Baseline] | None = None
        self._trouble: BaselineError | None = None
        self._selected = False
        self._families: dict[tuple[Path, str], dict[str, tuple[SavedClaim, Drift | None]]] = {}
        self._environments: dict[tuple[Path, str], Environment] = {}
        self._unknown: dict[tuple[Path, str], str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Find the baseline of all claim files collected, before any claim is deselected.

        Raises pytest's UsageError where there is none; a worker of xdist cannot, so its claims say it.
        """
        files = {item.path: item.claim_name.file for item in items if isinstance(item, ClaimItem)}
        if not files or self.config.option.collectonly:
            return
        try:
            self._open(files)
        except BaselineError as error:
            if not hasattr(self.config, "workerinput"):
                raise pytest.UsageError(harmless(str(error))) from None
            self._trouble = error

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Remember that only some of the claims are run."""
        self._selected = self._selected or any(isinstance(item, ClaimItem) for item in items)

    def see(self, item: ClaimItem, result: Result, study: Study) -> None:
        """Compute the row of a claim's result, and raise ClaimDrifted if its drift fails the run."""
        if self._trouble is not None:
            raise self._trouble
        if self._home is None:
            return
        key = item.path, item.parent.name
        if key not in self._families:
            self._families[key] = self._family(item, study)
        row, drift = self._families[key][item.outline.id]
        item.compared = ComparedClaim(
            home=self._home,
            baseline=self._baseline[0] if self._baseline else None,
            name=str(item.claim_name),
            file=item.claim_name.file,
            row=row,
            environment=self._environments.get(key),
            unknown=self._unknown.get(key),
            drift=drift,
            model=self._model(item, study),
            fails=drift is not None and self.policy.fails(drift.status),
            whole=not (self._selected or self._partly),
        )
        if drift is not None:
            item.user_properties.append(("claims.drift", drift.status))
        if drift is not None and self.policy.fails(drift.status):
            raise ClaimDrifted(drift_message(result, drift))

    @property
    def _partly(self) -> bool:
        """Say whether pytest runs only single claims, or those that failed last."""
        single = any("::" in str(argument) for argument in self.config.args)
        return (
            single
            or bool(self.config.getoption("lf", False))
            or bool(self.config.getoption("stepwise", False))
        )

    def _open(self, files: Mapping[Path, str]) -> None:
        name = next((word for word in (self.compare, self.save) if word and not is_path(word)), None)
        if self.save is not None:
            check_name(self.save)
        self._home = home_of(files, self.config.rootpath, name)
        if self.compare is not None:
            path = find(self.compare, self._home, self.config.invocation_params.dir)
            self._baseline = path, aligned(read_baseline(path), files.values())

    def _family(self, item: ClaimItem, study: Study) -> dict[str, tuple[SavedClaim, Drift | None]]:
        """Return row and drift of every claim of a file on one model."""
        environment = self._environment(item, study)
        try:
            results: Mapping[str, Result] = study.judge(item.claim_file, item.spec)
        except NeuronClaimsError as error:  # of the model or the run, and so of every claim
            claims_of = item.claim_file.claims
            results = {claim.id: broken(item.parent.name, claim, str(error)) for claim in claims_of}
        claims = {claim.id: claim for claim in item.claim_file.claims if claim.id in results}
        moved = self._noise(item, study)
        rows = {name: self._row(claim, results[name], environment, moved) for name, claim in claims.items()}
        found = self._drifts(item, {str(item.named(claims[name])): row for name, row in rows.items()})
        return {name: (row, found.get(str(item.named(claims[name])))) for name, row in rows.items()}

    def _noise(self, item: ClaimItem, study: Study) -> Moved:
        """Measure everything a second time if the run is saved, because a baseline includes the noise."""
        if self.save is None:
            return {}
        try:
            return study.noise(item.claim_file, item.spec)
        except NeuronClaimsError:
            return {}

    def _row(self, claim: Claim, result: Result, environment: str, moved: Moved) -> SavedClaim:
        values = _values(result, moved)
        return row_of(result, content_of(claim), environment, values, claim.settings.drift, asked_of(claim))

    def _drifts(self, item: ClaimItem, rows: Mapping[str, SavedClaim]) -> dict[str, Drift]:
        if self._baseline is None:
            return {}
        baseline = self._baseline[1]
        old = rows_for(baseline, rows)
        environments = [baseline.environments[row.environment] for row in old.values()]
        own = self._environments.get((item.path, item.parent.name))
        dtypes = {each.dtype for each in (*environments, *([own] if own else []))}
        return drifts(old, rows, self.policy, noise=noise_of(*dtypes) if dtypes else 0.0)

    def _environment(self, item: ClaimItem, study: Study) -> str:
        try:
            found = environment_of(study, item.claim_file, item.spec, item.parent.name)
        except NeuronClaimsError as error:
            self._unknown[item.path, item.parent.name] = str(error)
            return ""
        self._environments[item.path, item.parent.name] = found
        return found.key

    def _model(self, item: ClaimItem, study: Study) -> TestedModel:
        """Return where the model is, for the search for lost neurons; store a model that was given as an object."""
        model, where = study.handed_over(item.spec), item.claim_file.where(item.spec)
        if isinstance(model, LoadedModel):
            self.objects[item.spec] = model
            return TestedModel(item.path, item.spec, is_object=True, where=where)
        return TestedModel(item.path, item.spec, model, where=where)


def comparing(config: pytest.Config) -> Comparing | None:
    """Return the plugin that saves or compares this session's claims, None if there is none."""
    found: Comparing | None = config.pluginmanager.get_plugin(NAME)
    return found


def _policy(config: pytest.Config) -> Policy:
    try:
        return parse_policy(fail_on(config))
    except BaselineError as error:
        raise pytest.UsageError(harmless(f"--claims-fail-on: {error}")) from None


def _values(result: Result, moved: Moved) -> SavedValues | None:
    found = result.evidence.units if result.evidence is not None else None
    if found is None:
        return None
    sides: list[dict[str, float]] = [
        {key: float(f"{value:.7g}") for key, value in zip(keys, values, strict=True)}
        for keys, values in zip(found.keys, found.values, strict=True)
    ]
    noise = rounded(noise_of_units(found, moved))
    return SavedValues(found.of, found.scale, found.paired, sides[0], sides[1], found.blocks, noise)


def noise_of_units(found: UnitValues, moved: Moved) -> float | None:
    """Return how much the values changed when they were measured again; None if that is not known."""
    again: Mapping[object, NDArray[np.float64]] = dict(moved.items())
    if not found.sources or not all(need in again for need, _ in found.sources):
        return None
    return max(float(again[need][column]) for need, column in found.sources)
