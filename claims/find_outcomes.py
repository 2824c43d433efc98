"""Find the neurons of the demo model that outcomes.claims.yaml is about, on the discovery split alone.

    python claims/find_outcomes.py

Writes ``discovery_outcomes.csv``. What a neuron does is taken to be its value times the gradient, summed over tokens:
for losses of true and of false answers, for the entropy after statements, and for " true" over " false" after them.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from neuronclaims.models.sources import open_model

DISCOVERY = Path(__file__).parent / "prompts" / "discovery"
FOUND = Path(__file__).parent / "discovery_outcomes.csv"
KEPT = 8
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


def strongest(what: str, topics: tuple[str, ...], effect: np.ndarray) -> Iterator[tuple[str, ...]]:
    """Yield rows for the neurons with the largest and the smallest effect."""
    order = np.argsort(effect, axis=None)
    for place in (*order[::-1][:KEPT], *order[:KEPT]):
        layer, index = np.unravel_index(place, effect.shape)
        yield what, " ".join(topics), "mlp_post", f"{layer}:{index}", f"{effect[layer, index]:.4f}"


def main() -> None:
    """Write what was found."""
    answers, statements = ("true_answers", "false_answers"), ("true_statements", "false_statements")

    def mean(names: Sequence[str], score: Score) -> np.ndarray:
        return np.stack([attributed(text, score) for name in names for text in texts(name)]).mean(0)

    true, false = (mean((name,), loss) for name in answers)
    rows = [
        *strongest("loss of true answers less that of false ones", answers, true - false),
        *strongest("entropy after statements", statements, mean(statements, entropy)),
        *strongest('" true" over " false" after statements', statements, mean(statements, verdict)),
    ]
    with FOUND.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("what", "topics", "site", "neuron", "value times gradient"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
