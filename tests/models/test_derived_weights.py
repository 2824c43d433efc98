"""What a neuron of a derived architecture writes to a token, against products made by the model's own modules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from test_proofs import model_of
from tiny_models import make_tokenizer

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Congruence
from neuronclaims.models.sources import open_model


def answered(tmp_path: Path, kind: str) -> tuple[object, np.ndarray]:
    model = model_of(kind)
    model.save_pretrained(tmp_path)
    make_tokenizer("plain").save_pretrained(tmp_path)
    asked = Congruence(1, 5, None, centred=False)
    return model, measure(open_model(str(tmp_path), Path(".")), [asked])[asked][0]


@pytest.mark.parametrize(
    ("kind", "norm", "out"),
    [
        ("Qwen3", "model.norm", "mlp.down_proj"),  # a scale, no mean
        ("Phi", "model.final_layernorm", "mlp.fc2"),  # takes the mean away
        ("VaultGemma", "model.norm", "mlp.down_proj"),  # the scale is stored less 1
    ],
)
def test_products_are_what_the_norm_and_the_head_make_of_the_neuron(tmp_path, kind, norm, out) -> None:
    model, found = answered(tmp_path, kind)
    with torch.no_grad():
        written = model.model.layers[1].get_submodule(out).weight[:, 5]
        final = model.get_submodule(norm)
        through = final(written[None]) - final(torch.zeros_like(written)[None])
        spread = written - written.mean() if kind == "Phi" else written
        expected = model.get_output_embeddings().weight @ (through[0] * spread.square().mean().sqrt())
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", ["Gemma2", "Olmo2"])
def test_what_is_normalised_before_it_is_added_is_scaled_by_that_norm(tmp_path, kind) -> None:
    """Up to a number that all neurons share, the norm's root, which is made 1 here."""
    model, found = answered(tmp_path, kind)
    with torch.no_grad():
        block = model.model.layers[1]
        written = block.mlp.down_proj.weight[:, 5]
        added = block.post_feedforward_layernorm(written[None] * 1e3)[0] * written.square().mean().sqrt()
        expected = model.get_output_embeddings().weight @ (
            model.model.norm(added[None] * 1e3)[0] * added.square().mean().sqrt()
        )
    np.testing.assert_allclose(found, expected.numpy(), rtol=2e-3, atol=2e-3)
