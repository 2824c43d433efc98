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

``q`` ``k`` ``v`` are what the projections of attention give, before any norm or rotation: as many heads, one after
another, times the size of a head. ``attn_z`` is what the heads give, the input of attention's output projection.
``attn_out`` and ``mlp_out`` are what the output projections give (of a mixture of experts: what all of it gives).
Where a model normalises that before it is added to the residual stream (Gemma 2 and 3, OLMo 2), the norm's output is
``attn_out_normed`` and ``mlp_out_normed``; TransformerLens calls these ``hook_attn_out`` and ``hook_mlp_out``.
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
    "q",
    "k",
    "v",
    "attn_z",
    "attn_out_normed",
    "mlp_out_normed",
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


def printed(site: Site) -> str:
    """Return a site in words for people: its name, or the words of the view through which it is read.

    >>> printed("mlp_post")
    'mlp_post'
    """
    return getattr(site, "words", site)
