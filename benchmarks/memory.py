"""How much memory a very wide layer takes: 50,000 neurons on 2,000 prompts, from the text to the verdict.

    python benchmarks/memory.py

A model of one block with random weights is measured and four claims are judged in one process: a contrast and a
separation of one neuron, each ranked in its whole layer, and a search through the layer for each. What is shown is
the peak of the whole process, Python and torch included.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path

import torch
from peers import shape
from transformers import GPT2Config, GPT2LMHeadModel

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.models.sources import LoadedModel
from neuronclaims.study import Study

NEURONS, PROMPTS, WORDS = 50_000, 1_000, 6
CLAIMS = """
  - neuron 0:7 activates more for a than b
  - neuron 0:7 separates a from b
  - some neuron of layer 0 activates more for a than b
  - some neuron of layer 0 separates a from b
"""


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    words = shape.tokenizer()
    config = GPT2Config(
        vocab_size=len(words),
        n_layer=1,
        n_embd=16,
        n_head=2,
        n_inner=NEURONS,
        eos_token_id=None,
        bos_token_id=None,
    )
    model = LoadedModel(GPT2LMHeadModel(config).eval(), words)
    started = peak()
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "wide.claims.yaml"
        file.write_text(claims())
        study = Study(cache=Path(name) / "cache", models={"wide": model})
        results = study.judge(read_claim_file(file, templates()), "wide")
    if any(result.error for result in results.values()):
        sys.exit("\n".join(str(result.error) for result in results.values()))
    print("| what | GB | aim |\n|---|---|---|")
    print(f"| before anything is measured (Python, torch, the model) | {started:.2f} | |")
    print(f"| {NEURONS:,} neurons, {2 * PROMPTS:,} prompts, measured and judged | {peak():.2f} | < 2 |")


def claims() -> str:
    sets = ""
    for name, start in (("a", 0), ("b", PROMPTS)):
        sets += f"  {name}:\n" + "".join(f"    - {text(start + place)}\n" for place in range(PROMPTS))
    head = "version: 1\nmodels: [wide]\nsite: mlp_post\ntokens: mean of prompt\nresamples: 999\n"
    return f"{head}sets:\n{sets}claims:{CLAIMS}"


def text(number: int) -> str:
    """Return a text of six words that no other number gives."""
    return " ".join(f"w{(number // shape.WORDS**place + 7 * place) % shape.WORDS}" for place in range(WORDS))


def peak() -> float:
    """Return the largest memory of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


if __name__ == "__main__":
    main()
