"""Prove the sites that are asked for on the loaded model, all layers at once; refuse those that fail, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch

from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.views.view import ViewedSite, base_of
from neuronclaims.models.running.brought.module import BroughtModule
from neuronclaims.models.running.hooks import Place
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.proofs.added import (
    OF_ATTENTION,
    OF_MLP,
    added_fails,
    depends_fails,
    middle_fails,
    mixers_of,
)
from neuronclaims.models.running.proofs.ends import end_fails
from neuronclaims.models.running.proofs.looking import TOKENS, Change, Looked, look, token_ids
from neuronclaims.models.running.proofs.moved import before_fails, heads_fail
from neuronclaims.models.running.proofs.stream import (
    PlainCall,
    body_fails,
    final_norm_fails,
    looks_ahead,
    stream_fails,
)
from neuronclaims.models.running.worker import running

_ADDED = (*OF_ATTENTION, *OF_MLP)
_BODY: Place = ("", -1)
"""Stands for all of a model: what generates and what predicts needs that, whatever it reads."""

_BESIDE: Mapping[str, tuple[str, ...]] = {
    "mlp_pre": ("mlp_post", "attn_out"),
    "q": ("attn_z",),
    "k": ("attn_z", "q", "v"),
    "v": ("attn_z",),
}
"""What else is looked at to prove a site; attn_out where nothing is said."""


def unproven(ready: Ready, needs: Iterable[Need]) -> dict[Need, MeasurementError]:
    """Return the needs that name a place which is not what it is called on this model, each with the reason.

    A place is looked at when it is first asked for. Raises ModelError where a site names a module that is not there.
    """
    known = ready.proven
    asked = {need: [(base_of(site), layer) for site, layer in need.places] for need in needs}
    new = sorted({place for places in asked.values() for place in places} - known.keys())
    if new or _BODY not in known:
        with running(ready, "while its sites were proven"):
            known.update(_Proof(ready, new).failures())
    failed = {need: [place for place in (_BODY, *places) if known[place]] for need, places in asked.items()}
    found = {need: MeasurementError(known[places[0]]) for need, places in failed.items() if places}
    return found | _without_views(ready, [need for need in asked if need not in found])


def _without_views(ready: Ready, needs: Iterable[Need]) -> dict[Need, MeasurementError]:
    """Make the views that needs read through, before anything is hooked; return the needs that cannot have theirs."""
    failed: dict[Need, MeasurementError] = {}
    why: dict[Place, MeasurementError] = {}
    for need in needs:
        for site, layer in need.places:
            if not isinstance(site, ViewedSite):
                continue
            try:
                if (site, layer) not in why:
                    ready.view(site, layer)
            except MeasurementError as error:
                why[site, layer] = error
            if (site, layer) in why:
                failed[need] = why[site, layer]
    return failed


class _Proof:
    """The runs of one short text that show what some places are."""

    def __init__(self, ready: Ready, places: Sequence[Place]) -> None:
        self._ready, self._asked = ready, places
        self._ids = token_ids(ready)
        self._places = sorted({*places, *self._needed(places)})
        last = ready.facts.layers - 1
        own = isinstance(ready.model, BroughtModule)  # whose last state is its logits
        self._ends = {("resid_post", last), ("final_norm", last)} if own else set[Place]()
        self._plain = PlainCall(ready, self._ids)
        self._seen = look(ready, self._ids, self._places)
        self._entries = [self._entry(layer) for layer in range(ready.facts.layers)]

    def failures(self) -> dict[Place, str]:
        """Return every place that was asked for, with the sentence that refuses it, or nothing."""
        whole = body_fails(self._ready, self._plain, self._seen) or looks_ahead(
            self._ready, self._ids, self._seen
        )
        if whole is not None:
            return dict.fromkeys((_BODY, *self._asked), f"{whole}; nothing of this model is measured.")
        found = {place: self._fails(place) for place in self._places}
        found |= self._fails_when_moved({place for place, why in found.items() if not why})
        return {_BODY: ""} | {place: self._sentence(place, found[place]) for place in self._asked}

    def _sentence(self, place: Place, why: str) -> str:
        if not why or place in self._seen.reasons:
            return f"{why}; nothing of this run is kept." if why else ""
        site, layer = place
        facts = self._ready.facts
        return (
            f"{site} of layer {layer} of {facts.name} ({facts.architecture}) is not measured, since it is not shown to "
            f"be that on this model: {why}."
        )

    def _fails(self, place: Place) -> str:
        site, layer = place
        if place in self._seen.reasons:
            return self._seen.reasons[place]
        if not bool(self._seen.values[place].isfinite().all()):
            return ""  # nothing can be shown of it, and claims that read it are errors
        why: str | None = None
        if place in self._ends:
            why = end_fails(self._ready, self._ids, self._seen, place)
        elif site in ("resid_pre", "resid_post"):
            why = stream_fails(self._ready, self._plain, self._seen, site, layer)
        elif site == "final_norm":
            why = final_norm_fails(self._ready, self._plain, self._seen, layer)
        elif site == "resid_mid":
            why = middle_fails(self._ready, self._seen, layer)
        elif site in _ADDED:
            why = added_fails(self._ready, self._seen, site, layer)
        return why or ""

    def _fails_when_moved(self, places: set[Place]) -> dict[Place, str]:
        """Return the places that fail when something is changed."""
        found: dict[Place, str] = {}
        places = {place for place in places if bool(self._seen.values[place].isfinite().all())}
        for sites, inner in ((OF_MLP, True), (("attn_z", "attn_out"), False)):
            asked = [place for place in places if place[0] in sites]
            if asked:
                moved = look(self._ready, self._ids, asked, held=self._held(inner), entries=self._moved())
                for site, layer in asked:
                    why = depends_fails(self._ready, self._seen, moved, site, layer)
                    found |= {(site, layer): why} if why else {}
        for site in ("mlp_pre", "q", "k", "v"):
            layers = sorted(layer for other, layer in places if other == site)
            if layers and site == "mlp_pre":
                failed = before_fails(self._ready, self._seen, self._again, layers)
            elif layers:
                failed = heads_fail(self._ready, self._seen, self._again, site, layers)
            else:
                continue
            found |= {(site, layer): why for layer, why in failed.items()}
        return found | self._rest_of_split(places, found)

    def _rest_of_split(self, places: set[Place], failed: Mapping[Place, str]) -> dict[Place, str]:
        """Return the keys that one projection gives with queries or values that are not these."""
        found: dict[Place, str] = {}
        for site, layer in places:
            if site != "k" or self._ready.point(site, layer).part is None:
                continue
            beside = [(other, layer) for other in ("q", "v") if other in self._ready.facts.widths]
            if any(failed.get(other) or self._seen.reasons.get(other) for other in beside):
                found[site, layer] = (
                    "queries and values of the same projection are not where they were looked for"
                )
        return found

    def _needed(self, places: Iterable[Place]) -> set[Place]:
        """Return the places that others are proven by, where the model has them."""
        facts, found = self._ready.facts, set[Place]()
        for site, layer in places:
            beside = _BESIDE.get(site, ("attn_out",))
            found |= {
                (other, layer)
                for other in beside
                if other in facts.widths and layer in facts.layers_at(other)
            }
        return found

    def _again(self, changes: Mapping[Place, Change]) -> Looked:
        return look(self._ready, self._ids, self._places, changes, entries=self._entries)

    def _entry(self, layer: int) -> torch.Tensor:
        return self._seen.entries.get(layer, torch.zeros(0))

    def _moved(self) -> list[torch.Tensor]:
        """Return what blocks are given, moved at the first position."""
        drawn = torch.Generator().manual_seed(0)
        found = []
        for entry in self._entries:
            moved = entry.clone()
            tokens = [place for place, size in enumerate(entry.shape[:-1]) if size == TOKENS]
            if tokens:
                first = moved.select(tokens[0], 0)
                size = first.float().square().mean().sqrt()
                first += (torch.randn(first.shape, generator=drawn).to(size) * size).to(first)
            found.append(moved)
        return found

    def _held(self, inner: bool) -> dict[tuple[int, str], torch.Tensor]:
        """Return what attention gives, to be given again: what its projection gives, or all that its module gives."""
        found: dict[tuple[int, str], torch.Tensor] = {}
        for layer in range(self._ready.facts.layers):
            gave, mixers = self._seen.gave[layer], mixers_of(self._ready, layer)
            out = self._out_path(layer)
            if (
                inner
                and out is not None
                and out.split(".")[0] in mixers
                and ("attn_out", layer) in self._seen.values
            ):
                found[layer, out] = self._seen.values["attn_out", layer]
            else:
                found |= {(layer, path): gave[path].clone() for path in mixers if path in gave}
                if inner:  # some of these give the state as well, which is then moved with them
                    for path in mixers:
                        if (layer, path) in found:
                            found[layer, path][0] += found[layer, path][0].flip(0)
        return found

    def _out_path(self, layer: int) -> str | None:
        facts = self._ready.facts
        if "attn_out" not in facts.widths or layer not in facts.layers_at("attn_out"):
            return None
        return self._ready.point("attn_out", layer).module
