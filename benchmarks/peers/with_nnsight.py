"""nnsight capturing what ``capture.py`` captures, against the model's own batched body.

Run in an environment of its own: ``pip install torch==2.13.0 nnsight``, then
``python benchmarks/peers/with_nnsight.py [ROUNDS]``.
"""

from __future__ import annotations

import sys
from importlib.metadata import version

import shape
import torch
from nnsight import NNsight


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    plain, words, said = shape.model(), shape.tokenizer(), shape.texts()
    whole, headless = NNsight(shape.model()), NNsight(shape.model().transformer)

    @torch.inference_mode()
    def captured(size: int, head: bool) -> None:
        traced, blocks = (whole, whole.transformer.h) if head else (headless, headless.h)
        for batch in shape.batches(words, said, size):
            mask = batch["attention_mask"]
            kept = []
            with traced.trace(**batch, use_cache=False):
                for block in blocks:
                    # In the order in which they are computed, as nnsight asks.
                    kept.append(shape.mean_of(block.mlp.act.output, mask).save())
                    output = block.output
                    values = output[0] if isinstance(output, tuple) else output
                    kept.append(shape.mean_of(values, mask).save())

    def bare() -> None:
        shape.body(plain, words, said)

    name = f"nnsight {version('nnsight')} trace"
    shape.print_rows(
        [
            (f"{name}, batched, body alone", shape.compared(lambda: captured(16, False), bare, rounds)),
            (f"{name}, batched", shape.compared(lambda: captured(16, True), bare, rounds)),
            (f"{name}, text by text", shape.compared(lambda: captured(1, True), bare, max(1, rounds // 2))),
        ]
    )


if __name__ == "__main__":
    main()
