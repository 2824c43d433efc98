"""The sites of a model: where in a block values are read and changed, by the names of TransformerLens.

A site from another package joins through the entry-point group ``neuronclaims.sites``: the name of the entry is the
name of the site. Here are the names alone, for sentences and claim files; how a site is found in a model, a
measurement knows.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import TypeAlias

Site: TypeAlias = str
"""Where in a block a neuron is read, by its TransformerLens name.

``mlp_pre`` is what the MLP's non-linearity is given (for gated MLPs: the gate); ``mlp_post`` is the input of its output
projection (act(gate) x up); ``resid_mid`` stands between attention and MLP, where these follow one another;
``resid_post`` is a block's output, before any final norm. ``final_norm`` is the output of that norm: it stands behind
the last block, so its neurons have the last block's number and no other layer has any.
"""

ENTRY_POINTS = "neuronclaims.sites"

OWN_SITES: tuple[Site, ...] = (
    "resid_pre",
    "resid_mid",
    "resid_post",
    "attn_out",
    "mlp_pre",
    "mlp_post",
    "mlp_out",
    "final_norm",
)
"""The sites that this package knows by itself."""


@cache
def site_names() -> tuple[Site, ...]:
    """Return the names of all sites, our own first, then those of other packages in alphabetical order.

    >>> site_names()[:3]
    ('resid_pre', 'resid_mid', 'resid_post')
    """
    brought = sorted({entry.name for entry in entry_points(group=ENTRY_POINTS)} - {*OWN_SITES})
    return (*OWN_SITES, *brought)
