"""Find the neurons of the demo model that outcomes.claims.yaml is about, on the discovery split alone.

    python claims/find_outcomes.py

What a neuron does is taken to be its value times the gradient, summed over the tokens: for losses of true and of false
answers, for the entropy after statements, and for what the model writes after them, " true" over " false".
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from neuronclaims.models.sources import open_model

DISCOVERY = Path(__file__).parent / "prompts" / "discovery"
FOLDER = open_model("demo", Path()).folder
MODEL, TOKENIZER = AutoModelForCausalLM.from_pretrained(FOLDER).eval(), AutoTokenizer.from_pretrained(FOLDER)
Score = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def texts(name: str) -> list[str]:
    """Return the texts of a set of discovery."""
    with (DISCOVERY / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def attributed(text: str, score: Score) -> np.ndarray:
    """Return value times gradient of a score, of every neuron of mlp_post: [layers, neurons]."""
    kept: list[torch.Tensor] = []

    def keep(_: object, args: tuple[torch.Tensor]) -> None:
        args[0].retain_grad()
        kept.append(args[0])

    handles = [block.mlp.c_proj.register_forward_pre_hook(keep) for block in MODEL.transformer.h]
    ids = torch.tensor([TOKENIZER(text)["input_ids"]])
    score(ids, MODEL(ids).logits).backward()
    for handle in handles:
        handle.remove()
    return np.stack([(each * each.grad)[0].sum(0).detach().double().numpy() for each in kept])


def loss(ids: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Return the mean loss of a text."""
    return torch.nn.functional.cross_entropy(logits[0, :-1], ids[0, 1:])


def entropy(_: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Return the entropy of the next token."""
    return torch.distributions.Categorical(logits=logits[0, -1]).entropy()


def verdict(_: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """Return the logit of " true" less that of " false"."""
    true, false = (TOKENIZER(word, add_special_tokens=False)["input_ids"][-1] for word in (" true", " false"))
    return logits[0, -1, true] - logits[0, -1, false]


def show(what: str, effect: np.ndarray) -> None:
    """Print the neurons with the largest and the smallest effect."""
    order = np.argsort(effect, axis=None)
    for how, chosen in (("highest", order[::-1][:8]), ("lowest", order[:8])):
        named = (np.unravel_index(place, effect.shape) for place in chosen)
        print(
            f"{what}, {how}:",
            ", ".join(f"{layer}:{index} ({effect[layer, index]:.3f})" for layer, index in named),
        )


def main() -> None:
    """Print what was found."""
    true, false = (
        np.stack([attributed(text, loss) for text in texts(name)]).mean(0)
        for name in ("true_answers", "false_answers")
    )
    show("loss of true answers more than of false ones", true - false)
    statements = [*texts("true_statements"), *texts("false_statements")]
    show("entropy after statements", np.stack([attributed(text, entropy) for text in statements]).mean(0))
    show(
        '" true" over " false" after statements',
        np.stack([attributed(t, verdict) for t in statements]).mean(0),
    )


if __name__ == "__main__":
    main()
