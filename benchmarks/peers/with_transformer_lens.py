"""TransformerLens capturing what ``capture.py`` captures, against the model's own batched body.

Run in an environment of its own: ``pip install torch==2.13.0 transformer-lens``, then
``python benchmarks/peers/with_transformer_lens.py [ROUNDS]``.
"""

from __future__ import annotations

import sys
from importlib.metadata import version

import shape
import torch
from transformer_lens.model_bridge import TransformerBridge


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    plain, words, said = shape.model(), shape.tokenizer(), shape.texts()
    wrapped = shape.model()
    wrapped.config.architectures = ["GPT2LMHeadModel"]
    bridge = TransformerBridge.boot_transformers("gpt2", hf_model=wrapped, tokenizer=words)
    wanted = [
        f"blocks.{layer}.{site}"
        for layer in range(shape.LAYERS)
        for site in ("hook_resid_post", "mlp.hook_post")
    ]

    @torch.inference_mode()
    def cached(filtered: bool, size: int, **options: int) -> None:
        for batch in shape.batches(words, said, size):
            _, cache = bridge.run_with_cache(
                batch["input_ids"],
                attention_mask=batch["attention_mask"],
                names_filter=wanted if filtered else None,
                return_type=None,
                **options,
            )
            for name in wanted:
                shape.mean_of(cache[name], batch["attention_mask"])

    def bare() -> None:
        shape.body(plain, words, said)

    name = f"TransformerLens {version('transformer-lens')} `run_with_cache`"
    shape.print_rows(
        [
            (
                f"{name}, batched, these sites only, stopped before the head",
                shape.compared(lambda: cached(True, 16, stop_at_layer=shape.LAYERS), bare, rounds),
            ),
            (f"{name}, batched, these sites only", shape.compared(lambda: cached(True, 16), bare, rounds)),
            (f"{name}, batched, everything", shape.compared(lambda: cached(False, 16), bare, rounds)),
            (f"{name}, text by text", shape.compared(lambda: cached(False, 1), bare, max(1, rounds // 2))),
        ]
    )


if __name__ == "__main__":
    main()
