"""The demo's dictionary, by plain PyTorch: how much it explains, and what the claims about its latents rest on."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file

from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Ablation, Activations, Prediction, TokenRule
from neuronclaims.measurements.views.dictionary import latents_at
from neuronclaims.measurements.views.dictionary_folder import read_dictionary
from neuronclaims.models.sources import open_model

CLAIMS = Path(__file__).parents[2] / "claims"
FOLDER = CLAIMS / "dictionaries" / "demo-resid-3"
LAYER, K = 3, 8


def column(name: str, key: str, every: int) -> list[str]:
    with (CLAIMS / "prompts" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [row[key] for row in csv.DictReader(file)][::every]


def test_latents_explain_most_and_change_the_article_as_a_plain_script_has_it() -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER).eval()
    tokenizer = AutoTokenizer.from_pretrained(MODEL_FOLDER)
    parts = {name: torch.from_numpy(each.astype(np.float32)) for name, each in _weights().items()}

    def latents(states: torch.Tensor) -> torch.Tensor:
        numbers = (states - parts["b_dec"]) @ parts["W_enc"] + parts["b_enc"]
        least = numbers.sort(dim=-1).values[..., -K, None]
        return torch.where(numbers >= least, numbers, 0.0).clamp(min=0)

    def run(text: str, latent: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        kept = []

        def after(_, __, output):
            states = output[0] if isinstance(output, tuple) else output
            kept.append(states[0])
            if latent is None:
                return None
            states = states - latents(states)[..., latent, None] * parts["W_dec"][latent]
            return (states, *output[1:]) if isinstance(output, tuple) else states

        handle = model.transformer.h[LAYER].register_forward_hook(after)
        with torch.no_grad():
            logits = model(torch.tensor([tokenizer(text)["input_ids"]])).logits[0, -1]
        handle.remove()
        return kept[0][1:], logits  # without the token before each text

    texts = column("hanoi", "text", 6)
    states = [run(text)[0] for text in texts]
    every = torch.cat(states)
    left = every - (latents(every) @ parts["W_dec"] + parts["b_dec"])
    assert float(left.var(0).sum() / every.var(0).sum()) < 0.3  # of sentences that it was not trained on

    site = latents_at("resid_post", LAYER, read_dictionary(FOLDER))
    clean = column("articles", "clean", 20)
    pooled = Activations(site, LAYER, TokenRule("mean", "prompt"), tuple(texts))
    ablated = Ablation(site, ((LAYER, 187),), "zero", Prediction(" an", " a"), tuple(clean))
    found = measure(open_model("demo", Path(".")), [pooled, ablated])
    expected = np.array([latents(each).mean(0).numpy() for each in states])
    np.testing.assert_allclose(found[pooled], expected, rtol=1e-3, atol=1e-3)
    an, a = tokenizer.convert_tokens_to_ids(["Ġan", "Ġa"])
    plain = [
        [float(logits[an] - logits[a]) for logits in (run(text)[1], run(text, 187)[1])] for text in clean
    ]
    np.testing.assert_allclose(found[ablated][:, :2], plain, rtol=1e-3, atol=1e-2)
    assert (np.diff(plain)[:, 0] < -5).all()


def _weights() -> dict[str, np.ndarray]:
    settings = json.loads((FOLDER / "cfg.json").read_text(encoding="utf-8"))
    assert (settings["architecture"], settings["k"], settings["apply_b_dec_to_input"]) == ("topk", K, True)
    return load_file(FOLDER / "sae_weights.safetensors")
