"""Every kind of claim gets a verdict on models whose sites are derived, and three of the numbers are those of hooks."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from test_proofs import model_of
from thorough import draws
from tiny_models import WORDS, make_tokenizer

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.registry import OWN_KINDS, kind_of
from neuronclaims.measurements import Activations, ModelFacts
from neuronclaims.results import Result
from neuronclaims.study import Study

LAYER, INDEX = 1, 5
TEMPLATE = (
    "{% for turn in messages %}<s> {{ turn['role'] }} {{ turn['content'] }} {% endfor %}"
    "{% if add_generation_prompt %}<s> assistant {% endif %}"
)
SETTINGS: dict[str, dict[str, Any]] = {
    "Qwen3": {},
    "Gemma3Text": {"query_pre_attn_scalar": 12, "sliding_window": 8, "final_logit_softcapping": 5.0},
}
CLAIMS = """
  - {id: contrast, claim: neuron 1:5 activates more for dogs than cats}
  - {claim: neuron 1:5 does not activate more for dogs than cats, margin: 0.5 sd}
  - some neuron of layer 1 activates more for dogs than cats
  - resid_mid neuron 1:5 separates dogs from cats with AUROC at least 0.8
  - 'restoring neuron 1:5 recovers at least 1% of " dog" over " cat" in swapped'
  - {claim: 'restoring neurons 1:5, 2:6 does not recover " dog" over " cat" in swapped', margin: 0.1}
  - 'corrupting neuron 1:5 removes at least 1% of " dog" over " cat" in swapped'
  - {id: steering, claim: 'adding 2 to neuron 1:5 raises " dog" over " cat" in dogs'}
  - {id: trend, claim: 'scaling layer 1 by 0, 0.5, 2 raises " dog" in dogs'}
  - clamping neurons 1:5, 2:6 and resid_post neuron 1:3 to 1 raises loss of dogs
  - {id: ablation, claim: 'ablating neuron 1:5 lowers " dog" over " cat" in dogs'}
  - {claim: 'ablating neuron 1:5 lowers " dog" in dogs', replacement: mean, reference: baseline}
  - {claim: 'ablating neuron 1:5 lowers " dog" in dogs for at least 60% of prompts', id: share}
  - {claim: 'ablating neuron 1:5 lowers " dog" in dogs', at: all of "dog", id: at}
  - neuron 1:5 is among the top 10 neurons for dogs over baseline in at least 60% of prompts
  - neuron 1:5 is not among the top 10 neurons for dogs over baseline in more than 20% of prompts
  - cats and wolves share at least 5 of their top 10 neurons over baseline
  - wolves overlaps more with dogs than with cats
  - cats and wolves share more of their top 10 neurons over baseline than any other two of them and dogs
  - {id: prediction, claim: 'neuron 1:5 predicts " TOKEN" in documents'}
  - {claim: 'neuron 1:5 does not predict " TOKEN" in documents', margin: 0.1}
  - neuron 1:5 goes with words in counted
  - neuron 1:5 goes with position in documents
  - {claim: neuron 1:5 does not go with words in counted with period 3, margin: 0.5}
  - neuron 1:5 is among the top 10 neurons for dogs in at least 60% of prompts
  - neuron 1:5 is not among the top 10 neurons for dogs in more than 20% of prompts
  - neuron 1:5 is among the top 10 neurons for dogs and for none of cats, birds in at least 60% of prompts
  - 'neuron 1:5 above -9 predicts " TOKEN" in at least 1% of positions in documents'
  - 'the share of " TOKEN" among top predictions rises with neuron 1:5 in documents'
  - 'neuron 2:5 writes " dog" more than 90% of tokens'
  - resid_post neuron 1:5 is an outlier beyond 2 in at least 6% of tokens in baseline
  - resid_post neuron 1:5 is not an outlier beyond 6 in more than 6% of tokens in baseline
  - resid_post neuron 1:5 is massive in baseline
  - {claim: resid_post neuron 1:5 is massive in chats, tokens: mean of prompt including special tokens}
  - resid_post neuron 1:5 is not massive in more than 5% of prompts in baseline
  - at least 99% of layer 1 lies within 4 of zero in baseline
  - {claim: kind activity is lower for dogs than cats in layers 0 to 1, site: resid_post}
  - {claim: kind activity does not differ between dogs and cats, margin: 0.5 sd, site: resid_post}
  - {claim: kind activity differs between dogs and cats somewhere, site: resid_post}
  - {claim: neuron 1:5 separates dogs from cats, tokens: mean of generated, generate: {max_new_tokens: 3}}
  - {claim: neuron 1:5 separates chats from other_chats, tokens: mean of user}
  - head 1:2 attends to the previous token from all of prompt in dogs with at least 1%
  - head 1:2 does not attend to "dog" from last in dogs with more than 99%
  - head 2:1 attends more to first of prompt from last for dogs than cats
  - some head separates dogs from cats by attention to itself from all of prompt
  - head 1:2 attends more to "dog" than to itself from last in dogs
"""
WARM = """
import json, sys
from pathlib import Path
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.study import Study
file = read_claim_file(Path(sys.argv[1]), templates())
results = Study(cache=Path(sys.argv[2])).judge(file, "model")
print(json.dumps([{name: found.reason for name, found in results.items()}, "torch" in sys.modules]))
"""


def sentences(seed: int, animal: str, count: int = 14) -> list[str]:
    pick, others = random.Random(seed).choice, [word for word in WORDS if word not in ("dog", "cat")]
    sizes, ways, places = ("old", "small", "big"), ("ran", "sat", "sang"), ("river", "tree", "lake", "market")
    return [
        f"{pick(('the', 'one'))} {pick(sizes)} {animal} {pick(ways)} near the {pick(places)} {pick(others)} {word}"
        for word in others[:count]
    ]


SETS = {
    "dogs": sentences(1, "dog"),
    "cats": sentences(2, "cat"),
    "wolves": sentences(3, "green"),
    "birds": sentences(4, "bird"),
    "baseline": sentences(5, "house"),
    "documents": [" ".join(random.Random(seed).choices(WORDS, k=40)) for seed in range(8)],
}


@dataclass(frozen=True)
class Plain:
    """A model run text by text with hooks of one's own."""

    model: Any
    tokenizer: Any

    def run(self, text: str, change: Callable[[torch.Tensor], None] = lambda _: None) -> tuple[Any, Any]:
        """Return the neuron's value at each token, before it was changed, and the logits."""
        seen: list[torch.Tensor] = []

        def hook(_: Any, given: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
            seen.append(given[0][0, :, INDEX].clone())
            changed = given[0].clone()
            change(changed)
            return (changed,)

        handle = self.model.model.layers[LAYER].mlp.down_proj.register_forward_pre_hook(hook)
        with torch.no_grad():
            logits = self.model(input_ids=self.tokenizer(text, return_tensors="pt")["input_ids"]).logits[0]
        handle.remove()
        return seen[0].double().numpy(), logits.double().numpy()

    def favourite(self) -> str:
        """Return the token that is the top prediction in most documents: another one may never be."""
        tops = Counter(
            token for text in SETS["documents"] for token in set(self.run(text)[1].argmax(-1).tolist())
        )
        return str(self.tokenizer.convert_ids_to_tokens(tops.most_common(1)[0][0]))

    def mean(self, name: str) -> float:
        return float(np.mean([self.run(text)[0].mean() for text in SETS[name]]))

    def auroc(self, token: str) -> float:
        """Return the mean over documents, of those in which the token is on top somewhere and not everywhere."""
        number, found = self.tokenizer.convert_tokens_to_ids(token), []
        for text in SETS["documents"]:
            values, logits = self.run(text)
            top = logits.argmax(-1) == number
            if top.any() and not top.all():
                pairs = top.sum() * (~top).sum()
                found.append(stats.mannwhitneyu(values[top], values[~top]).statistic / pairs)
        return float(np.mean(found))

    def slope(self, factors: tuple[float, ...]) -> float:
        """Return the mean slope of the logit of "dog" as the whole layer is scaled."""
        dog, slopes = self.tokenizer.convert_tokens_to_ids("dog"), []
        for text in SETS["dogs"]:
            logits = [self.run(text, lambda values, by=by: values.mul_(by))[1][-1][dog] for by in factors]
            slopes.append(stats.linregress(factors, logits).slope)
        return float(np.mean(slopes))

    def changed(self, to: Callable[[torch.Tensor], torch.Tensor]) -> float:
        def change(values: torch.Tensor) -> None:
            values[..., INDEX] = to(values[..., INDEX])

        dog, cat = self.tokenizer.convert_tokens_to_ids(["dog", "cat"])
        ends = [(self.run(text, change)[1][-1], self.run(text)[1][-1]) for text in SETS["dogs"]]
        return float(np.mean([(after - before)[dog] - (after - before)[cat] for after, before in ends]))


def written(folder: Path, token: str) -> Path:
    """Write a claim file with every kind of claim beside the model."""
    chats = {"chats": SETS["dogs"], "other_chats": SETS["cats"]}
    counted = [{"text": " ".join(WORDS[: place + 2]), "numbers": {"words": place + 2}} for place in range(10)]
    sets = (
        SETS
        | {"counted": counted}
        | {name: {"as": "user", "prompts": texts} for name, texts in chats.items()}
    )
    pairs = [{"clean": text, "corrupted": text.replace("dog", "cat", 1)} for text in SETS["dogs"]]
    direction = {"from": ["wolves", "birds"], "method": "mean difference", "neutral": "baseline"}
    head = {
        "version": 1,
        "models": ["model"],
        "site": "mlp_post",
        "tokens": "mean of prompt",
        "resamples": 1000,
    }
    parts = head | {"sets": sets, "pairs": {"swapped": pairs}, "directions": {"kind": direction}}
    lines = [f"{name}: {json.dumps(value)}" for name, value in parts.items()]
    path = folder / "every.claims.yaml"
    path.write_text("\n".join([*lines, "claims:"]) + CLAIMS.replace("TOKEN", token), encoding="utf-8")
    return path


def value(results: Mapping[str, Result], name: str) -> float:
    evidence = results[name].evidence
    assert evidence is not None
    assert evidence.effect.value is not None
    return evidence.effect.value


@pytest.mark.parametrize("kind", draws(["Qwen3"], [*SETTINGS]))  # tests/conformance has every architecture
def test_every_kind_of_claim_gets_a_verdict_cold_and_warm(kind: str, tmp_path: Path) -> None:
    model, tokenizer = model_of(kind, **SETTINGS[kind]), make_tokenizer("plain")
    tokenizer.chat_template = TEMPLATE
    model.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    plain = Plain(model, tokenizer)
    token = plain.favourite()
    path = written(tmp_path, token)

    results = Study(cache=tmp_path / "cache").judge(read_claim_file(path, templates()), "model")
    assert {name: found.error for name, found in results.items() if found.verdict is None} == {}
    assert {found.kind for found in results.values()} == {own.name for own in OWN_KINDS}
    assert value(results, "contrast") == pytest.approx(plain.mean("dogs") - plain.mean("cats"), abs=1e-4)
    assert value(results, "prediction") == pytest.approx(plain.auroc(token), abs=2e-3)
    assert value(results, "ablation") == pytest.approx(plain.changed(torch.zeros_like), abs=1e-4)
    assert value(results, "steering") == pytest.approx(plain.changed(lambda own: own + 2), abs=1e-4)
    assert value(results, "trend") == pytest.approx(plain.slope((0.0, 0.5, 1.0, 2.0)), abs=1e-4)

    command = [sys.executable, "-c", WARM, str(path), str(tmp_path / "cache")]
    again = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(again) == [{name: found.reason for name, found in results.items()}, False]


def test_layers_that_are_mixtures_are_said_to_be_and_the_others_are_ranked(tmp_path: Path) -> None:
    why = "it is a mixture of experts."
    some = ModelFacts("m", "M", 3, {"mlp_post": 48}, True, lacking={"mlp_post": {2: why}})
    none = ModelFacts("m", "M", 3, {"mlp_out": 32}, True, refused={"mlp_post": why})
    claims = {claim.id: claim for claim in read_claim_file(written(tmp_path, "dog"), templates()).claims}
    writing, overlap, contrast = (
        next(claim for claim in claims.values() if kind_of(claim.sentence).name == name)
        for name in ("congruence", "overlap", "contrast")
    )
    with pytest.raises(ClaimError, match=r"^Layer 2 of m has no mlp_post: it is a mixture of experts\.$"):
        kind_of(writing.sentence).needs(writing, some)
    asked = kind_of(overlap.sentence).needs(overlap, some)
    assert {need.layer for need in asked if isinstance(need, Activations)} == {0, 1}
    for claim in (writing, overlap, contrast):
        with pytest.raises(ClaimError, match=r"mlp_post: it is a mixture of experts\. It has mlp_out"):
            kind_of(claim.sentence).needs(claim, none)
