"""Kinds of claim about latents of a dictionary set by hand, on the model set by hand: all answers are known.

Latent 0 is half of neuron 0:3 less 1, so 3 at "dog" and 0 elsewhere, and its row of W_dec gives the neuron back twice:
6 of its 8 are reconstructed, and the other 2 must stay whatever is done to the latent. Latent 1 is constant, 2 is dead.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cases import for_each
from safetensors.numpy import save_file
from test_kinds_known_model import PAIRS, SETS, model

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.results import Result
from neuronclaims.study import Study


def logit(neuron: float) -> float:
    """What neuron 0:3 makes of " tree" over " river", behind the final norm."""
    return 3 * neuron / ((2 + 2 * neuron**2) / 32) ** 0.5


TREE = '" tree" over " river"'
CLAIMS: dict[str, tuple[str, str | None, float | None]] = {
    "contrast": ("latent sae:0 activates more for dogs than cats", "supported", 3.0),
    "constant": ("latent sae:1 activates more for dogs than cats", "inconclusive", 0.0),
    "some": ("some latent of sae activates more for dogs than cats", "supported", 3.0),
    "every": ("every latent of sae:0, sae:1 separates dogs from cats", "inconclusive", 0.5),
    "separation": ("latent sae:0 separates dogs from cats with AUROC at least 0.7", "supported", 1.0),
    "top": (
        "latent sae:0 is among the top 1 neurons for dogs over cats in at least 50% of prompts",
        "supported",
        1.0,
    ),
    "predicts": ('latent sae:0 predicts " tree" in documents with AUROC at least 0.6', "supported", 1.0),
    "rises": ("latent sae:0 rises with dogs in counted with correlation at least 0.7", "supported", 1.0),
    "ablated": (f"ablating latent sae:0 lowers {TREE} in dogs", None, logit(2) - logit(8)),
    "scaled": (f"scaling latent sae:0 by 0 lowers {TREE} in dogs", None, logit(2) - logit(8)),
    "steered": (f"adding 4 to latent sae:0 raises {TREE} in cats", None, logit(8)),
    "clamped": (f"clamping latent sae:0 to 4 raises {TREE} in cats", None, logit(8)),
    "restored": (
        f"restoring latent sae:0 recovers at least 10% of {TREE} in animals",
        "supported",
        logit(6) / logit(8),
    ),
    "dead": (f"ablating latent sae:2 lowers {TREE} in dogs", "inconclusive", 0.0),
}


def judged(folder: Path, *claims: str) -> list[Result]:
    encoder, decoder = np.zeros((8, 3), np.float32), np.zeros((3, 8), np.float32)
    encoder[3, 0], encoder[1, 1], decoder[0, 3], decoder[1, 1] = 0.5, 1.0, 2.0, 1.0
    bias, centre = np.array([-1.0, 0, 0], np.float32), np.zeros(8, np.float32)
    tensors = {"W_enc": encoder, "b_enc": bias, "W_dec": decoder, "b_dec": centre}
    (folder / "sae").mkdir(parents=True, exist_ok=True)
    save_file(tensors, str(folder / "sae" / "sae_weights.safetensors"))
    (folder / "sae" / "cfg.json").write_text(json.dumps({"architecture": "standard"}))
    path = folder / "x.claims.yaml"
    path.write_text(
        "version: 1\nmodels: [handed]\ntokens: last of prompt\ncorrection: none\n"
        "dictionaries: {sae: {folder: sae, at: mlp_post 0}}\n"
        f"sets: {json.dumps(SETS)}\npairs: {json.dumps(PAIRS)}\nclaims: {json.dumps(claims)}\n"
    )
    study = Study(models={"handed": model()})
    return list(study.judge(read_claim_file(path, templates()), "handed").values())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    found = judged(tmp_path_factory.mktemp("latents"), *(claim for claim, _, _ in CLAIMS.values()))
    return dict(zip(CLAIMS, found, strict=True))


@for_each("name", CLAIMS)
def test_the_number_and_the_verdict_are_the_ones_set_by_hand(results, name) -> None:
    (claim, verdict, number), result = CLAIMS[name], results[name]
    assert result.error is None
    assert result.evidence.effect.value == pytest.approx(number, rel=1e-3, abs=1e-6)
    assert verdict in (None, result.verdict), result.reason
    assert str(result.sentence) == claim


def test_reports_call_latents_latents_and_controls_come_from_the_same_dictionary(results) -> None:
    ablated = results["ablated"]
    assert ablated.site.startswith("mlp_post>latents 0:")
    assert (ablated.where, ablated.tokens) == (
        "latents of sae at mlp_post 0",
        "changed: all; read: last of prompt",
    )
    for name in ("ablated", "contrast"):
        notes = results[name].evidence.notes
        assert any("latent" in note for note in notes)
        assert not any("neuron" in note for note in notes)
    assert any("Found among 3 latents: latent" in note for note in results["some"].evidence.notes)
    for name, title in (
        ("contrast", "latent sae:0"),
        ("some", "latent 0 of mlp_post 0"),
        ("top", "latent 0 of"),
    ):
        assert title in repr(results[name].evidence.figures)
