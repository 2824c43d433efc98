"""Plan a run from a script or a notebook: what it takes, and what the prompts of claims can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.engines.forecast import Ways
from neuronclaims.foreign_text import visible
from neuronclaims.loading.settings import UNSAID, LoadSettings
from neuronclaims.models.bringing.handed import LoadedModel
from neuronclaims.models.options import RunOptions
from neuronclaims.planning.devices import read_device
from neuronclaims.planning.elsewhere import UTILISATION
from neuronclaims.planning.model_plans import plans_of
from neuronclaims.planning.run_plans import ClaimPlan, RunPlan, asked_effect, run_plan
from neuronclaims.planning.summary import headline, rows, summary, table_cells, tables
from neuronclaims.planning.text import listed
from neuronclaims.reports.frames import Cell, table_of_rows
from neuronclaims.scripting.given import Claims, files_of
from neuronclaims.scripting.judge import NOTHING, Allow, Model, cache_folder, named_models

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

COLUMNS: dict[str, type] = {
    "file": str,
    "model": str,
    "id": str,
    "sentence": str,
    "kind": str,
    "effect": str,
    "shown": float,
    "enough": int,
    "enough_second": int,
    "problem": str,
}
"""The columns of a plan's table, in order: a row for each claim and each true effect that is looked at."""


_HEAD = "<tr><th>true effect</th><th>is shown</th><th>8 times in 10 takes</th></tr>"


class PlannedRun:
    """What a run takes before it runs. A notebook shows it as tables, and ``print`` as text.

    ``models`` has what each model takes, ``claims`` what the prompts of each claim can show.
    """

    def __init__(self, models: tuple[RunPlan, ...], effect: str | None = None) -> None:
        asked = asked_effect(effect) if effect is not None else None
        self.models, self._effect = models, effect
        self.claims: tuple[ClaimPlan, ...] = tuple(claim for each in models for claim in each.claims(asked))

    def for_effect(self, effect: str) -> PlannedRun:
        """Return the same plan, with the prompts that claims need for one true effect, such as "0.5 sd" or "70 %".

        Claims whose effect has another unit have no rows. Raises NeuronClaimsError for what is no effect.
        """
        return PlannedRun(self.models, effect)

    def on(self, device: str, utilisation: float = UTILISATION) -> PlannedRun:
        """Return the same plan for devices of another machine: what they take, from the models' configurations alone.

        ``device`` is a name (h100, h200, a100, a100-40gb) or describes it, as in "400 TFLOPS, 80 GB, 2 TB/s";
        ``utilisation`` is the share of its speed that is reached. Raises NeuronClaimsError for what is no device.
        """
        found = read_device(device)
        return PlannedRun(tuple(each.on(found, utilisation) for each in self.models), self._effect)

    @property
    def seconds(self) -> float | None:
        """Seconds until everything is measured, judging aside; None where that is not known of every model."""
        found = [each.forecast.seconds if each.forecast is not None else None for each in self.models]
        known = [each for each in found if each is not None]
        return sum(known) if len(known) == len(found) else None

    @property
    def fails(self) -> bool:
        """Whether a run would certainly end in an error of a claim."""
        return any(each.plan.fails for each in self.models)

    @overload
    def to_frame(self, library: Literal["pandas"] = "pandas") -> pd.DataFrame: ...
    @overload
    def to_frame(self, library: Literal["polars"]) -> pl.DataFrame: ...
    def to_frame(self, library: Literal["pandas", "polars"] = "pandas") -> pd.DataFrame | pl.DataFrame:
        """Return a table with a row for each claim and true effect; raise FrameError where the library is missing."""
        return table_of_rows([row for claim in self.claims for row in _cells(claim)], COLUMNS, library)

    def __str__(self) -> str:
        return "\n".join(summary(self.models, self.claims)).rstrip("\n")

    def __repr__(self) -> str:
        return f"<plan of {len(self.claims)} claims on {len(self.models)} models>"

    def _repr_html_(self) -> str:
        parts: list[str] = []
        for each in self.models:
            body = "".join(
                f"<tr><th>{_safe(name)}</th><td>{_safe(said)}</td></tr>" for name, said in rows(each)
            )
            parts.append(
                f"<p><b>{_safe(each.plan.spec)}</b>: {_safe(headline(each))}</p><table>{body}</table>"
            )
        for table, names in tables(self.claims):
            head = f"{listed(names)}, with {table.prompts} at a level of {table.level}"
            body = "".join(
                f"<tr>{''.join(f'<td>{_safe(cell)}</td>' for cell in row)}</tr>" for row in table_cells(table)
            )
            parts.append(f"<p>{_safe(head)}</p><table>{_HEAD}{body}</table>")
        return f"<div>{''.join(parts)}</div>"


def plan(
    what: Claims,
    model: Model | None = None,
    *,
    models: Mapping[str, Model] | None = None,
    cache: str | PathLike[str] | bool | None = True,
    options: RunOptions | None = None,
    allow: Allow = NOTHING,
    pilot: bool = True,
    **keys: object,
) -> PlannedRun:
    """Say what a run of claims takes, and what their prompts can show, before anything is measured.

    All arguments but ``pilot`` are those of ``judge``. With ``pilot``, a model whose speed on this machine is not known
    is loaded, and a few texts of each sort of work are run for about 10 seconds in all; their speeds are kept in the
    cache. Without, no model is loaded. Nothing is downloaded either way.

    Raises GivenError and ClaimFileError as ``judge``, and NeuronClaimsError where a pilot cannot run.

    >>> found = plan(
    ...     "neuron 2:340 activates more for hanoi than baseline", "demo", site="mlp_post", tokens="mean of prompt",
    ...     cache=None, pilot=False, sets={"hanoi": ["Hanoi is old.", "He left."], "baseline": ["Go.", "Run now."]},
    ... )
    >>> found.models[0].forecast.cost.passes, found.seconds
    ({'activations': 2.0}, None)
    """
    spec, objects = named_models(model, models or {})
    files = files_of(what, [spec] if spec else list(objects), keys, allow.folders)
    kept = cache_folder(cache, files[0].path)
    ways = Ways(
        pilot=pilot,
        cache=RunCache(kept, allow.trusted_cache) if kept is not None else None,
        options=options or RunOptions(),
    )
    asked = [(file, name) for file in files for name in ((spec,) if spec else file.models)]
    return plan_files(asked, objects, ways)


def plan_files(
    asked: Sequence[tuple[ClaimFile, str]],
    models: Mapping[str, LoadedModel | Path],
    ways: Ways,
    unsaid: LoadSettings = UNSAID,
) -> PlannedRun:
    """Return the plan of claim files, each on a model by its name; ``unsaid`` is how models are loaded otherwise.

    Raises NeuronClaimsError where a pilot cannot run.
    """
    planned = plans_of(asked, models, ways.options.load, unsaid)
    return PlannedRun(tuple(run_plan(each, ways) for each in planned))


def _cells(claim: ClaimPlan) -> list[dict[str, Cell]]:
    row: dict[str, Cell] = dict.fromkeys(COLUMNS)
    row |= {name: getattr(claim, name) for name in ("file", "model", "id", "sentence", "kind", "problem")}
    return [
        {
            **row,
            "effect": each.effect,
            "shown": each.shown,
            "enough": each.enough[0] if each.enough else None,
            "enough_second": each.enough[-1] if each.enough and len(each.enough) > 1 else None,
        }
        for each in (claim.table.effects if claim.table is not None else ())
    ] or [row]


def _safe(text: str) -> str:
    return escape(visible(text))
