"""What is shown and said beside the AUROC of a neuron for a token being predicted: its shares by bins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import BinRow, Bins, Distributions, Row
from neuronclaims.kinds.shared.effects import counted
from neuronclaims.kinds.shared.requests import plain, plural
from neuronclaims.kinds.shared.unit_names import unit_names
from neuronclaims.stats.effects.points import doubled_midranks

if TYPE_CHECKING:
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.kinds.logit_readout.readout_values import Asked, Measured
    from neuronclaims.sentences.neurons import Neuron
    from neuronclaims.stats import Estimate

FEWEST = 10
"""The least positions of a bin that is looked at, where the claim does not say."""

DRAWN = 1_000
"""How many documents' AUROCs are drawn at most."""

FEW_HITS = 3
"""An AUROC from fewer positions with the token on top is coarse."""

MOST = 0.5
"""The share of values in the highest bin from which on a neuron may be at its ceiling."""


def others_of(asked: Asked, measured: Measured) -> tuple[Estimate, ...]:
    """Return how often the token is on top, and what the bins look like: whether their shares rise, and how far."""
    share = counted(
        "share_on_top",
        "share of positions with the token on top",
        float(measured.hits.sum() / measured.positions.sum()),
    )
    shown = measured.counts >= _fewest(asked)
    shares = measured.top[shown] / measured.counts[shown]
    highest = float(shares[-1]) if len(shares) else None
    return (
        share,
        counted(
            "rank_correlation",
            "rank correlation of the bins shown and their shares",
            _rank_correlation(shares),
        ),
        counted("share_in_highest_bin", "share in the highest bin shown", highest),
    )


def notes_of(asked: Asked, measured: Measured) -> tuple[str, ...]:
    """Say what was read, which documents tell nothing, and what the bins are not."""
    said = asked.claim.sentence
    told = [
        f"Read at all {measured.positions.sum():,} positions of text in {len(asked.documents):,} documents, whatever "
        f"the file's token rule; {said.token!r} is on top at {measured.hits.sum():,} of them."
    ]
    if asked.claim.settings.options.readout == "legacy_embed":
        told.append(
            "On top is here what the input embedding makes of the last state without the final norm's scale and shift, "
            "as a published figure did: not the model's own prediction."
        )
    told += [*_silent(measured), *_coarse(measured), *_saturated(measured), _bins_note(asked, measured)]
    told.append("The rest of the layer was not read, so its place in it is not known.")
    return tuple(told)


def _silent(measured: Measured) -> tuple[str, ...]:
    nowhere, everywhere = int((measured.hits == 0).sum()), int((measured.hits == measured.positions).sum())
    if not nowhere + everywhere:
        return ()
    silent = [
        f"{where} in {count:,}"
        for where, count in (("nowhere", nowhere), ("everywhere", everywhere))
        if count
    ]
    telling = int(measured.telling.sum())
    return (
        f"{telling:,} of {plural(len(measured.hits), 'document')} {'tells' if telling == 1 else 'tell'} something; the "
        f"token is on top {' and '.join(silent)}.",
    )


def _coarse(measured: Measured) -> tuple[str, ...]:
    typical = float(np.median(measured.hits[measured.telling]))
    if typical >= FEW_HITS:
        return ()
    few = "1 position" if typical == 1 else f"{typical:g} positions"
    return (
        f"Half of the documents that tell something have the token on top at no more than {few}, so each AUROC is "
        "coarse: longer documents would say more.",
    )


def _saturated(measured: Measured) -> tuple[str, ...]:
    """Warn of the one case in which flipping signs is too bold, as far as bins can show it."""
    held = np.flatnonzero(measured.counts)
    share = measured.counts[held[-1]] / measured.positions.sum()
    if len(held) == 1 or share <= MOST:
        return ()
    return (
        f"{share:.0%} of the values lie in the highest bin that holds any. If they are all the same, as of a neuron at "
        "its ceiling, AUROCs just above 0.5 are the rule by chance alone, and p can be too small.",
    )


def _bins_note(asked: Asked, measured: Measured) -> str:
    outside = int(measured.counts[0] + measured.counts[-1])
    bins, all_of_them = asked.bins, int(measured.positions.sum())
    return (
        f"Bins pool the positions of all documents, and their bands take each for independent: they are to be looked "
        f"at, not a test. {outside:,} of {all_of_them:,} positions lie below {bins.start} or from {bins.stop} on, in "
        f"two open bins; bins of fewer than {_fewest(asked):,} are not looked at."
    )


def figures_of(asked: Asked, measured: Measured, neuron: Neuron) -> tuple[Figure, ...]:
    """Draw the share on top by bins of the neuron's value, and the AUROCs of single documents."""
    said, site = asked.claim.sentence, asked.claim.settings.site
    edges = (None, *asked.bins.edges, None)
    rows = tuple(
        _bin(start, stop, int(count), int(top), _fewest(asked))
        for start, stop, count, top in zip(edges, edges[1:], measured.counts, measured.top, strict=False)
    )
    return (
        Bins(f"{site} {neuron}", f"share of positions with {said.token!r} on top", rows),
        Distributions(f"AUROC within each {asked.units.unit}", (_single(asked, measured),)),
    )


def _single(asked: Asked, measured: Measured) -> Row:
    """Return the AUROC of each unit that has one, with its first document, from low to high; of many, some."""
    values = measured.found.effects + measured.found.chance
    order = np.argsort(values, kind="stable")
    drawn = order[np.unique(np.linspace(0, len(values) - 1, DRAWN).round().astype(int))]
    telling = [rows for rows in asked.units.rows if measured.telling[list(rows)].any()]
    names = unit_names(asked.documents, [telling[place] for place in drawn])
    many = len(drawn) < len(values)
    label = f"{DRAWN:,} of {len(values):,} {asked.units.unit}s" if many else asked.claim.sentence.corpus
    return Row(label, plain(values[drawn]), names)


def _bin(start: float | None, stop: float | None, count: int, top: int, fewest: int) -> BinRow:
    if not count:
        return BinRow(start, stop, 0, None, None, None, sparse=True)
    low, high = stats.wilson_limits(top, count)
    return BinRow(start, stop, count, top / count, low, high, sparse=count < fewest)


def _fewest(asked: Asked) -> int:
    return asked.claim.settings.options.fewest or FEWEST


def _rank_correlation(shares: Floats) -> float | None:
    """Return Spearman's correlation of shares, lowest bin first, with the order of their bins."""
    if len(shares) < 2 or (shares == shares[0]).all():
        return None
    ranks = doubled_midranks(shares[:, None])[:, 0]
    return float(np.corrcoef(ranks, np.arange(len(shares)))[0, 1])
