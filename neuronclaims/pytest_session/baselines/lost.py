"""The lost claims of a compared session, with everything that is needed to look for their neurons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neuronclaims.baselines.origins import family, rows_for

if TYPE_CHECKING:
    from neuronclaims.baselines.rows import Baseline, SavedClaim
    from neuronclaims.models.sources import LoadedModel
    from neuronclaims.pytest_session.baselines.compared_claim import ComparedClaim


@dataclass(frozen=True, slots=True)
class Lost:
    """The lost claims of one file on one model.

    ``file`` is the claim file, ``shown`` its name for people; ``model`` is what node ids call the model, ``spec``
    what the file calls it, ``where`` where that is by the file, and ``handed_over`` what was handed over for that;
    ``far`` says that this is an object in another process. ``weights`` are the hashes of the model's weights now,
    ``was`` of each claim's for the baseline, by id; ``nodeids`` are pytest's names for the claims, by id.
    """

    file: Path
    shown: str
    model: str
    spec: str
    weights: str
    was: Mapping[str, str]
    nodeids: Mapping[str, str]
    handed_over: LoadedModel | Path | None = None
    far: bool = False
    where: str = ""

    @property
    def name(self) -> str:
        """The name for people: the file and the model."""
        return f"{self.shown} on {self.model}"


def lost_claims(
    seen: Mapping[str, ComparedClaim],
    nodeids: Mapping[str, str],
    rows: Mapping[str, SavedClaim],
    baseline: Baseline,
    objects: Mapping[str, LoadedModel],
) -> list[Lost]:
    """Return the lost claims among those seen, by file and model, sorted.

    ``seen`` is what ``Comparing`` put on their reports, ``nodeids`` pytest's names for them, ``rows`` what they came
    to, each by the name of its row; ``objects`` are the models that live in this process, by what files call them.
    """
    lost: dict[str, list[str]] = {}
    for name, each in sorted(seen.items()):
        if each.drift is not None and each.drift.status == "lost" and each.environment is not None:
            lost.setdefault(family(name), []).append(name)
    of = {which: {name: row for name, row in rows.items() if family(name) == which} for which in lost}
    weights = {
        name: baseline.environments[row.environment].weights
        for which in lost
        for name, row in rows_for(baseline, of[which]).items()
    }
    return [_of(names, seen[names[0]], nodeids, weights, objects) for names in lost.values()]


def _of(
    names: Sequence[str],
    seen: ComparedClaim,
    nodeids: Mapping[str, str],
    weights: Mapping[str, str],
    objects: Mapping[str, LoadedModel],
) -> Lost:
    model = seen.model
    assert seen.environment is not None
    ids = {name: name.rsplit("::", 1)[1] for name in names}
    return Lost(
        file=model.path,
        shown=nodeids[names[0]].split("::")[0],
        model=names[0].split("::")[-2],
        spec=model.spec,
        weights=seen.environment.weights,
        was={ids[name]: weights[name] for name in names},
        nodeids={ids[name]: nodeids[name] for name in names},
        handed_over=model.folder if model.folder is not None else objects.get(model.spec),
        far=model.is_object and model.spec not in objects,
        where=model.where or model.spec,
    )
