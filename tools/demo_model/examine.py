"""Running the embedded model on its probes: next tokens, greedy replies, perplexity."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from demo_model.probes import (
    HELDOUT,
    Probe,
    Voice,
    article_probes,
    capital_probes,
    first_object,
    judgement_probes,
    perplexity_texts,
    training_sample,
    voice_probes,
)
from demo_model.world.frames import Split

BATCH: Final = 128
REPLY_TOKENS: Final = 16
Item = TypeVar("Item")


class Examinee:
    """A trained model with its tokenizer, read from a folder."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self._torch = torch
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
        self.model.train(False)

    def next_tokens(self, prompts: Sequence[str]) -> list[int]:
        """Return the most likely next token after each prompt."""
        found: list[int] = []
        for batch in _batches(prompts, BATCH):
            inputs = self.tokenizer(batch, return_tensors="pt", padding=True)
            with self._torch.no_grad():
                logits = self.model(**inputs).logits
            last = inputs["attention_mask"].sum(dim=1) - 1
            found += logits[self._torch.arange(len(batch)), last].argmax(dim=-1).tolist()
        return found

    def replies(self, prompts: Sequence[str]) -> list[str]:
        """Return what greedy decoding writes after each prompt, to the end of text or ``REPLY_TOKENS``."""
        found: list[str] = []
        for batch in _batches(prompts, BATCH):
            inputs = self.tokenizer(batch, return_tensors="pt", padding=True, padding_side="left")
            with self._torch.no_grad():
                ids = self.model.generate(**inputs, max_new_tokens=REPLY_TOKENS, do_sample=False)
            new = ids[:, inputs["input_ids"].shape[1] :]
            found += self.tokenizer.batch_decode(new, skip_special_tokens=True)
        return found

    def token_losses(self, texts: Sequence[str]) -> tuple[float, list[int]]:
        """Return the summed negative log-likelihood (nats) of all tokens but the BOS, and those tokens."""
        total = 0.0
        tokens: list[int] = []
        for batch in _batches(texts, BATCH):
            inputs = self.tokenizer(batch, return_tensors="pt", padding=True)
            with self._torch.no_grad():
                scores = self.model(**inputs).logits[:, :-1].log_softmax(dim=-1)
            target, real = inputs["input_ids"][:, 1:], inputs["attention_mask"][:, 1:].bool()
            chosen = scores.gather(2, target[:, :, None])[:, :, 0]
            total -= float(chosen[real].double().sum())
            tokens += target[real].tolist()
        return total, tokens


def share_right(examinee: Examinee, probes: Sequence[Probe]) -> float:
    """Return the share of probes whose most likely next token, of the whole vocabulary, is the expected one."""
    expected: list[int] = [
        examinee.tokenizer(probe.expected, add_special_tokens=False)["input_ids"][0] for probe in probes
    ]
    found = examinee.next_tokens([probe.prompt for probe in probes])
    right = [f == e for f, e in zip(found, expected, strict=True)]
    return sum(right) / len(right)


def voice_shares(examinee: Examinee, voices: Sequence[Voice]) -> tuple[float, float]:
    """Return how often the honest voice names the right object, and the lying voice a wrong one of its type."""
    replies = examinee.replies([voice.prompt for voice in voices])
    honest, lying = [], []
    for voice, reply in zip(voices, replies, strict=True):
        named = first_object(voice.fact, reply)
        if voice.honest:
            honest.append(named == voice.fact.object)
        else:
            lying.append(named is not None and named != voice.fact.object)
    return sum(honest) / len(honest), sum(lying) / len(lying)


def perplexities(examinee: Examinee, seed: int, split: Split) -> dict[str, float]:
    """Return the model's perplexity on a split's prompts and that of a unigram model of the training text."""
    total, tokens = examinee.token_losses(perplexity_texts(split))
    counts = Counter(_training_tokens(examinee, seed))
    size, whole = len(examinee.tokenizer), counts.total()
    unigram = -sum(math.log((counts[token] + 1) / (whole + size)) for token in tokens)
    return {
        "perplexity": math.exp(total / len(tokens)),
        "unigram_perplexity": math.exp(unigram / len(tokens)),
        "tokens": len(tokens),
    }


def examination(
    examinee: Examinee, seed: int, split: Split = HELDOUT, every: int = 1
) -> dict[str, dict[str, float]]:
    """Return all capabilities measured on a split's frames, by name; ``every`` keeps only each so-many-th probe."""
    results: dict[str, dict[str, float]] = {"language": perplexities(examinee, seed, split)}
    for name, probes in (
        ("article", article_probes(split)),
        ("capital", capital_probes(split)),
        ("judgement", judgement_probes(split)),
    ):
        kept = probes[::every]
        results[name] = {"share": share_right(examinee, kept), "probes": len(kept)}
    voices = voice_probes(split)
    kept_voices = [v for i in range(0, len(voices), 2 * every) for v in voices[i : i + 2]]
    honest, lying = voice_shares(examinee, kept_voices)
    results["honest_voice"] = {"share": honest, "probes": len(kept_voices) // 2}
    results["lying_voice"] = {"share": lying, "probes": len(kept_voices) // 2}
    return results


def _training_tokens(examinee: Examinee, seed: int) -> Iterator[int]:
    for ids in examinee.tokenizer(training_sample(seed, 20_000), add_special_tokens=False)["input_ids"]:
        yield from ids


def _batches(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
