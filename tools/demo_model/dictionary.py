"""Train a small dictionary on the demo model's residual stream, in the format of SAELens.

``PYTHONPATH=tools python -m demo_model.dictionary --out claims/dictionaries/demo-resid-3`` writes ``cfg.json`` and
``sae_weights.safetensors`` (float16). It is a top-k autoencoder (Gao et al. 2024), trained on what the model makes of
documents of its world; beginnings of documents, whose states are unlike all others, are left out.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from demo_model.train import Recipe, reproducibly, token_batches
from neuronclaims.demo import MODEL_FOLDER

AUXILIARY: Final = 1 / 32
"""How much the latents that have not been active count: they reconstruct what the others leave."""


@dataclass(frozen=True, slots=True)
class DictionaryRecipe:
    """All that decides the trained dictionary, apart from the machine."""

    layer: int = 3
    latents: int = 256
    k: int = 8
    seed: int = 5
    batches: int = 100
    steps: int = 3000
    tokens: int = 1024
    learning_rate: float = 2e-3
    threads: int = 1


def train(folder: Path, recipe: DictionaryRecipe) -> dict[str, Any]:
    """Train a dictionary by a recipe, write it to ``folder`` and return the record of the training."""
    import torch
    from safetensors.torch import save_file

    start = time.perf_counter()
    with reproducibly(Recipe(seed=recipe.seed, threads=recipe.threads)):
        states = torch.cat(list(_states(recipe)))
        parts = _optimised(states, recipe)
        with torch.no_grad():
            latents = _latents(states, parts, recipe.k)
            left = states - (latents @ parts["W_dec"] + parts["b_dec"])
            unexplained = float(left.var(0).sum() / states.var(0).sum())
            dead = int((latents > 0).any(0).logical_not().sum())
    folder.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: each.half().contiguous() for name, each in parts.items()}, folder / "sae_weights.safetensors"
    )
    record = {
        "recipe": asdict(recipe),
        "tokens": len(states),
        "variance_unexplained": round(unexplained, 4),
        "never_active": dead,
        "seconds": round(time.perf_counter() - start, 1),
        "torch": torch.__version__,
    }
    settings = {
        "architecture": "topk",
        "d_in": states.shape[1],
        "d_sae": recipe.latents,
        "k": recipe.k,
        "dtype": "float16",
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "metadata": {
            "hook_name": f"blocks.{recipe.layer}.hook_resid_post",
            "model_name": "demo",
            "training": record,
        },
    }
    (folder / "cfg.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    return record


def _states(recipe: DictionaryRecipe) -> Iterator[Any]:
    """Yield what the layer's block makes of tokens of documents [tokens, width], without their beginnings."""
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER)
    model.eval()
    tokenizer = Tokenizer.from_file(str(Path(MODEL_FOLDER) / "tokenizer.json"))
    # The school is over by then: the documents are like those that the model was trained on last.
    batches = token_batches(tokenizer, Recipe(seed=recipe.seed, growing=1))
    for rows in islice(batches, recipe.batches):
        ids = torch.tensor(rows)[:, :-1]
        with torch.inference_mode():
            states = model(ids, output_hidden_states=True).hidden_states[recipe.layer + 1]
        yield states[ids != model.config.bos_token_id].clone()


def _optimised(states: Any, recipe: DictionaryRecipe) -> dict[str, Any]:
    """Return the parts of a dictionary that reconstructs states well, each latent's row of W_dec of length 1."""
    import torch

    draw = torch.Generator().manual_seed(recipe.seed)
    decoder = torch.nn.functional.normalize(
        torch.randn(recipe.latents, states.shape[1], generator=draw), dim=1
    )
    parts = {
        "W_enc": decoder.T.clone(),
        "b_enc": torch.zeros(recipe.latents),
        "W_dec": decoder.clone(),
        "b_dec": states.mean(0),
    }
    for each in parts.values():
        each.requires_grad_()
    optimiser = torch.optim.Adam(parts.values(), lr=recipe.learning_rate, betas=(0.9, 0.999))
    idle = torch.zeros(recipe.latents)
    scale = states.var(0).sum()
    for step in range(recipe.steps):
        batch = states[torch.randint(len(states), (recipe.tokens,), generator=draw)]
        numbers = (batch - parts["b_dec"]) @ parts["W_enc"] + parts["b_enc"]
        latents = _largest(numbers, recipe.k)
        left = batch - (latents @ parts["W_dec"] + parts["b_dec"])
        loss = (left**2).sum(1).mean() / scale
        idle = torch.where((latents > 0).any(0), 0.0, idle + recipe.tokens)
        if bool((idle > 20_000).any()):
            others = _largest(torch.where(idle > 20_000, numbers, -torch.inf).clamp(min=0), recipe.k)
            loss = loss + AUXILIARY * ((left.detach() - others @ parts["W_dec"]) ** 2).sum(1).mean() / scale
        optimiser.zero_grad()
        loss.backward()
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * min(1.0, (recipe.steps - step) / (0.3 * recipe.steps))
        optimiser.step()
        with torch.no_grad():
            parts["W_dec"] /= parts["W_dec"].norm(dim=1, keepdim=True)
    return {name: each.detach() for name, each in parts.items()}


def _latents(states: Any, parts: dict[str, Any], k: int) -> Any:
    return _largest((states - parts["b_dec"]) @ parts["W_enc"] + parts["b_enc"], k)


def _largest(numbers: Any, k: int) -> Any:
    largest = numbers.topk(k, dim=-1)
    return numbers.new_zeros(numbers.shape).scatter(-1, largest.indices, largest.values.relu())


def main() -> None:
    """Train with the settings of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--layer", type=int, default=DictionaryRecipe().layer)
    given = parser.parse_args()
    print(json.dumps(train(given.out, DictionaryRecipe(layer=given.layer)), indent=2))


if __name__ == "__main__":
    main()
