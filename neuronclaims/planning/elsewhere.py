"""What a run takes on devices of another machine: from a model's configuration and the devices' data sheet alone.

Time is the larger of two for each sort of work: to compute at a share of the device's speed, and to read the weights
once in each call at the same share of the speed of its memory.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuronclaims.engines.memory import BYTES, batch_bytes
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.measurements.errors import ModelError

if TYPE_CHECKING:
    from neuronclaims.engines.forecast import Forecast
    from neuronclaims.models.sources import Source
    from neuronclaims.models.structure.sizes import ModelSize
    from neuronclaims.planning.devices import Device

UTILISATION = 0.3
"""The share of a device's speed that is taken to be reached. It is a guess for plain code of Transformers on batches
of about a thousand tokens, and was measured on no device."""

KEPT_FREE = 0.1
"""The share of a device's memory that nothing is planned for: libraries take some, and gaps between tensors."""


@dataclass(frozen=True, slots=True)
class OnDevices:
    """What a run takes on ``devices`` of one sort that hold a model together, layer by layer.

    One of them works at a time, so each is needed for all ``seconds``, without loading and judging. ``weights`` and
    ``batch`` are bytes, ``flops`` the operations of all, ``token_flops`` those of one token through the whole model.
    ``reads`` says whether the time is mostly that of reading weights.
    """

    device: Device
    utilisation: float
    dtype: str
    size: ModelSize
    devices: int
    weights: int
    batch: int
    flops: float
    token_flops: float
    seconds: float
    reads: bool

    @property
    def device_hours(self) -> float:
        """Hours of all devices together."""
        return self.devices * self.seconds / 3600


def elsewhere(
    source: Source, forecast: Forecast, device: Device, utilisation: float = UTILISATION
) -> OnDevices:
    """Return what a run takes on devices of another machine; nothing but the configuration of the model is read.

    Raises NeuronClaimsError for a share that is none, a model that cannot be built, and devices that are too small.
    """
    if not 0 < utilisation <= 1:
        raise NeuronClaimsError(
            f"The share of a device's speed that is reached is above 0 and at most 1, which {utilisation:g} is not."
        )
    size, facts = _size(source), source.facts()
    dtype = _dtype(source)
    weights = size.all * BYTES[dtype]
    batch = batch_bytes(source.config, facts, dtype, forecast.work) + _cache_bytes(source, forecast, dtype)
    room = (1 - KEPT_FREE) * device.memory - batch
    if room <= 0:
        raise NeuronClaimsError(
            f"A device with {device.memory / 1e9:,.1f} GB has no room for a batch of {source.name}, which takes "
            f"{batch / 1e9:,.1f} GB."
        )
    per_token = [_token_flops(source, size, job.context) for job in forecast.work]
    flops = [
        job.tokens * each + 2 * size.head * job.predicted
        for job, each in zip(forecast.work, per_token, strict=True)
    ]
    computing = [each / (device.flops(dtype) * utilisation) for each in flops]
    reading = [
        job.calls * weights / (device.reading * utilisation) if device.reading is not None else 0.0
        for job in forecast.work
    ]
    tokens = sum(job.tokens for job in forecast.work)
    return OnDevices(
        device=device,
        utilisation=utilisation,
        dtype=dtype,
        size=size,
        devices=math.ceil(weights / room),
        weights=weights,
        batch=batch,
        flops=sum(flops),
        token_flops=sum(flops) / tokens if tokens else 0.0,
        seconds=sum(map(max, computing, reading)),
        reads=sum(reading) > sum(computing),
    )


def _dtype(source: Source) -> str:
    """Return the number type that a model is to run in; where nobody says it, or it is unknown, that is bfloat16."""
    said = source.load.dtype
    named = [source.config.get(key) for key in ("dtype", "torch_dtype")] if said == "auto" else [said]
    return next((each for each in named if isinstance(each, str) and each in BYTES), "bfloat16")


def _size(source: Source) -> ModelSize:
    if source.loaded is not None:
        from neuronclaims.models.structure.sizes import size_of

        return size_of(source.loaded.model)
    from neuronclaims.models.running.skeleton import size_of_folder

    assert source.model_folder is not None
    return size_of_folder(source.model_folder, str(source.config.get("model_type")), source.spec)


def _token_flops(source: Source, size: ModelSize, context: float) -> float:
    """Return the operations of one token through all blocks: each weight once, and attention to a text's tokens.

    Two operations for each weight, and for each pair of tokens four for each number of all heads (Kaplan et al., 2020,
    table 1, with both tokens' products and sums counted).
    """
    facts = source.facts()
    heads = facts.widths.get("attn_z", facts.widths.get("resid_post", 0))
    with suppress(ModelError):  # a configuration need not say it
        context = min(context, source.context)
    return 2 * size.used + 4 * facts.layers * heads * context


def _cache_bytes(source: Source, forecast: Forecast, dtype: str) -> int:
    """Return the bytes of keys and values of the largest batch that is continued."""
    facts = source.facts()
    each = (facts.widths.get("k", 0) + facts.widths.get("v", 0)) * facts.layers * BYTES[dtype]
    return each * max((job.batch for job in forecast.work if job.new), default=0)
