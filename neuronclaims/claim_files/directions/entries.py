"""What the sections ``directions`` and ``probes`` of a claim file hold: keys, types and bounds."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field
from typing_extensions import NamedTuple

from neuronclaims.claim_files.entries import From, Name
from neuronclaims.claim_files.yaml.mapping import FileMapping
from neuronclaims.measurements.views.fits import Method
from neuronclaims.sentences.options import Form, OneOf
from neuronclaims.sites import Site, site_names

_AT = r"[a-z_]+(?: +[0-9]{1,6})?"
At = Annotated[str, Form(_AT, "write a site and, of one layer, its number: resid_post 8")]
Path = Annotated[str, Field(min_length=1)]
Tensor = Annotated[str, Field(min_length=1)]
_FILE = "A .safetensors file, relative to the claim file."
_NEUTRAL = "The prompt set by whose mean and spread scores are standardised."


class AtPlace(NamedTuple):
    """A site and a layer, as ``at`` names them; the layer is None where it names none."""

    site: Site
    layer: int | None


def place_of(at: str) -> AtPlace | None:
    """Return the place that ``at`` names; None where there is no such site.

    >>> place_of("resid_post 8")
    AtPlace(site='resid_post', layer=8)
    """
    site, *layer = re.split(" +", at)
    return AtPlace(site, int(layer[0]) if layer else None) if site in site_names() else None


class DirectionEntry(FileMapping):
    """A direction in activation space, and what it is fitted on."""

    from_: From = Field(
        alias="from", description="Two prompt sets, the direction pointing to the first; or pairs, by name."
    )
    method: Annotated[Method, OneOf("method")] = Field(description="How the direction is fitted.")
    neutral: Name | None = Field(None, description=_NEUTRAL)


class StoredDirectionEntry(FileMapping):
    """A direction whose vector, or one for each layer, stands in a file."""

    file: Path = Field(description=_FILE)
    at: At = Field(description="The site and the layer of the vector: resid_post 8; without a layer: of all.")
    tensor: Tensor | None = Field(
        None,
        description="The tensor: [width], or [layers, width] for one vector of each layer; not needed where the file "
        "holds one.",
    )
    neutral: Name | None = Field(None, description=_NEUTRAL)


class StoredProbeEntry(FileMapping):
    """A linear probe that was trained elsewhere: weights and a bias in a file."""

    file: Path = Field(description=_FILE)
    at: At = Field(description="The site and the layer whose values it reads: resid_post 8.")
    weight: Tensor = Field("weight", description="The tensor of the weights: [width] or [1, width].")
    bias: Tensor | None = Field(
        None, description="The tensor of the bias, one number: 'bias' if there is one."
    )


class NeuronsProbeEntry(FileMapping):
    """A weighted sum of some neurons of a layer."""

    neurons: Annotated[dict[str, float], Field(min_length=1)] = Field(
        description="The weight of each neuron: {5:12: 0.3, 5:680: -0.1}, all of one layer."
    )
    at: At = Field(description="The site of the neurons: mlp_post.")
    bias: float = Field(0.0, description="What is added to the sum.")
