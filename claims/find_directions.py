"""Find the direction and the probe that seed-001-directions.claims.yaml reads from a file, on the discovery split.

    python claims/find_directions.py

Writes ``directions.safetensors``: ``honesty`` [layers, width], at each layer the mean state at the last token of
prompts in the honest voice less that in the lying one; ``truth.weight`` and ``truth.bias``, a logistic regression of
true statements against false ones on the states of layer 4. Plain Transformers and scikit-learn; the package only says
where the model is.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression
from transformers import AutoModelForCausalLM, AutoTokenizer

from neuronclaims.models.sources import open_model

HERE = Path(__file__).parent
PROBED = 4
FOLDER = open_model("demo", Path()).folder
MODEL, TOKENIZER = AutoModelForCausalLM.from_pretrained(FOLDER).eval(), AutoTokenizer.from_pretrained(FOLDER)


def states(name: str) -> np.ndarray:
    """Return states at the last token of each prompt of a set of discovery: [prompts, layers, width]."""
    with (HERE / "prompts" / "discovery" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    kept: list[torch.Tensor] = []
    handles = [
        block.register_forward_hook(
            lambda _, __, output: kept.append(
                (output if isinstance(output, torch.Tensor) else output[0])[0, -1]
            )
        )
        for block in MODEL.transformer.h
    ]
    with torch.no_grad():
        for text in texts:
            MODEL(torch.tensor([TOKENIZER(text)["input_ids"]]))
    for handle in handles:
        handle.remove()
    return torch.stack(kept).double().numpy().reshape(len(texts), len(handles), -1)


def main() -> None:
    """Write both."""
    honesty = states("honest").mean(axis=0) - states("lying").mean(axis=0)
    true, false = (states(f"{which}_statements")[:, PROBED] for which in ("true", "false"))
    probe = LogisticRegression(max_iter=10_000).fit(
        np.vstack([true, false]), [1] * len(true) + [0] * len(false)
    )
    found = {"honesty": honesty, "truth.weight": probe.coef_, "truth.bias": probe.intercept_}
    save_file(
        {name: values.astype(np.float32) for name, values in found.items()}, HERE / "directions.safetensors"
    )


if __name__ == "__main__":
    main()
