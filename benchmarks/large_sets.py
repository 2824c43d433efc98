"""How memory and time grow with a set: documents of the demo's words in Parquet, at 1, 2 and 4 times a corpus.

    python benchmarks/large_sets.py [--tokens 2500000] [--folder FOLDER] [--only outliers]

A model of one block with random weights (16 wide, 64 neurons, the demo's tokenizer) is asked for a claim of prediction
(documents of 960 words) and one of outliers (of 120 words), each in a process of its own, with 16 MiB for values. What
is shown is the peak of the process, Python and torch included, and its CPU time per token, start-up taken off. The
corpora go to FOLDER, by default a temporary one; those that are there are used again. Needs pyarrow.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

DEMO = Path(__file__).parent.parent / "neuronclaims" / "demo" / "model"
CLAIMS = {
    "prediction": (960, 'neuron 0:5 predicts " the" in corpus'),
    "outliers": (120, "neuron 0:5 is an outlier beyond 6 in at least 6% of tokens in corpus"),
}
FILE = """version: 1
models: [small]
site: mlp_post
tokens: mean of prompt
sets:
  corpus: {{file: {file}, column: text}}
claims:
  - '{claim}'
"""


def corpus(path: Path, tokens: int, length: int, seed: int = 0) -> None:
    """Write documents of so many words each, all different, in groups of 2,000 rows."""
    import pyarrow
    from pyarrow import parquet

    vocabulary = json.loads((DEMO / "tokenizer.json").read_text())["model"]["vocab"]
    words = np.array(
        [word[1:] for word in vocabulary if word[0] == "Ġ" and word[1:].isascii() and word[1:].isalpha()]
    )
    rng, schema = np.random.default_rng(seed), pyarrow.schema([("text", pyarrow.string())])
    with parquet.ParquetWriter(path, schema) as out:
        for start in range(0, tokens // length, 2_000):
            picked = rng.integers(0, len(words), (min(2_000, tokens // length - start), length))
            out.write_table(pyarrow.table({"text": [" ".join(words[row]) for row in picked]}, schema))


def model(folder: Path) -> None:
    """Write a small model with random weights and the demo's tokenizer."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    ends = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 1}
    config = GPT2Config(vocab_size=3311, n_positions=1024, n_embd=16, n_layer=1, n_head=1, n_inner=64, **ends)
    GPT2LMHeadModel(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(DEMO / name, folder / name)


def measured(file: Path, folder: Path) -> None:
    """Judge the one claim of a file, and print the peak in MB and the CPU seconds."""
    from neuronclaims.claim_files.reader import read_claim_file
    from neuronclaims.kinds import templates
    from neuronclaims.models.options import RunOptions
    from neuronclaims.study import Study

    start = time.process_time()
    options = RunOptions(memory="16MiB")
    with tempfile.TemporaryDirectory(dir=file.parent) as cache:
        study = Study(cache=cache, models={"small": folder}, options=options)
        (result,) = study.judge(read_claim_file(file, templates()), "small").values()
    if result.error:
        sys.exit(result.error)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps([peak, time.process_time() - start]))


def main() -> None:
    """Print a table of Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", type=int, default=2_500_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", choices=CLAIMS, help="one of the claims")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measured(given.one, given.folder)
        return
    print("| claim | million tokens | peak, MB | µs of CPU per token |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = given.folder or Path(name)
        folder.mkdir(exist_ok=True)
        model(folder / "small")
        for kind in [given.only] if given.only else CLAIMS:
            length, claim = CLAIMS[kind]
            started = 0.0
            for tokens in (10 * length, given.tokens, 2 * given.tokens, 4 * given.tokens):
                texts = folder / f"{kind}-{tokens}.parquet"
                if not texts.exists():
                    corpus(texts, tokens, length)
                file = folder / f"{kind}-{tokens}.claims.yaml"
                file.write_text(FILE.format(file=texts.name, claim=claim))
                asked = [sys.executable, __file__, "--one", str(file), "--folder", str(folder / "small")]
                done = subprocess.run(asked, check=True, capture_output=True, text=True)
                peak, seconds = json.loads(done.stdout.splitlines()[-1])
                if not started:
                    started = seconds
                    print(f"| {kind} | 10 documents | {peak:,.0f} | |")
                    continue
                print(
                    f"| {kind} | {tokens / 1e6:g} | {peak:,.0f} | {(seconds - started) / tokens * 1e6:.1f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
