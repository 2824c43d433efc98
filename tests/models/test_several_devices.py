"""A model whose blocks alternate between two devices gives what it gives on one: nothing joins values of the two."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from named_devices import FIRST, SECOND, NamedDevices, spread
from test_device_maps import everything, saved
from test_proofs import model_of
from thorough import THOROUGH
from tiny_models import LAYERS
from transformers import AutoTokenizer

from neuronclaims.engines.measure import measure_each
from neuronclaims.measurements.changing.attributions import Attribution
from neuronclaims.models.bringing.offloaded import computing_devices
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import LoadedModel, Source, open_model

pytest.importorskip("accelerate")

PLACES = {
    "model.embed_tokens": FIRST,
    **{f"model.layers.{layer}": (FIRST, SECOND)[layer % 2] for layer in range(LAYERS)},
    "model.norm": SECOND,
    "lm_head": SECOND,
}


def test_operations_on_two_devices_are_errors_and_on_one_give_what_the_cpu_gives() -> None:
    with NamedDevices():
        one, other = torch.arange(4.0, device=FIRST), torch.ones(4, device=SECOND)
        assert (one + other.to(FIRST)).cpu().tolist() == [1, 2, 3, 4]
        assert (one[torch.tensor([3])] * 2).cpu().tolist() == [6]
        for wrong in (
            lambda: one + other,
            lambda: one + torch.ones(4),
            lambda: one[other.long()],
            lambda: one.masked_fill(other > 0, 1),
            lambda: torch.where(other > 0, one, one),
            lambda: torch.ones(4)[one.long()],
        ):
            with pytest.raises(RuntimeError):
                wrong()


@pytest.mark.skipif(not THOROUGH, reason="takes a while (THOROUGH=1)")
@pytest.mark.parametrize("kind", ["Llama", "Qwen3", "Gemma3Text"])
def test_every_measurement_of_a_model_on_two_devices_is_that_on_one(kind: str, tmp_path: Path) -> None:
    folder = saved(kind, tmp_path / "model", tie_word_embeddings=False)
    # Gradients are not taken: torch asks the device itself how it would wait for them.
    asked = [each for each in everything(folder) if not isinstance(each, Attribution)]

    def source() -> Source:
        model = model_of(kind, tie_word_embeddings=False)
        model.set_attn_implementation("eager")
        return open_model("m", Path("."), {"m": LoadedModel(model, AutoTokenizer.from_pretrained(folder))})

    whole = measure_each(source(), asked)
    with NamedDevices() as devices:
        split = source()
        assert split.loaded is not None
        spread(split.loaded.model, PLACES)
        assert computing_devices(split.loaded.model) == {FIRST, SECOND}
        parts = measure_each(split, asked, options=RunOptions())
    assert parts.failed == {}
    assert devices.seen == {str(FIRST), str(SECOND)}
    for each in asked:
        if whole[each].dtype.kind != "U":
            assert np.allclose(parts[each], whole[each], rtol=1e-6, atol=1e-5, equal_nan=True), each
