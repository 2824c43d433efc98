"""Claims of what a neuron's output weights write: facts, against plain arithmetic on a checkpoint's tensors."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from neuronclaims import Study, judge
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates

sys.path.insert(0, str(Path(__file__).parents[1] / "runs"))
from tiny_models import WORDS, save_model

TOKENS = ["<unk>", "<s>", "</s>", "<pad>", *WORDS]
CONFIG = {
    "model_type": "gpt2",
    "n_layer": 1,
    "n_embd": 8,
    "n_head": 2,
    "n_inner": 5,
    "n_positions": 64,
    "vocab_size": 6,
}
TEXTS = ["a", " an", " the", "an", " fig", " an"]


def claim_file(folder: Path, claim: str, model: str, head: str = "", **settings: str) -> Path:
    path = folder / "x.claims.yaml"
    lines = "".join(f"    {key}: {value}\n" for key, value in settings.items())
    path.write_text(
        f"version: 1\nmodels: [{model}]\nsite: mlp_post\n{head}claims:\n  - claim: {claim}\n{lines}"
    )
    return path


@pytest.fixture
def by_hand(tmp_path):
    """Judge a claim on products set by hand: of neuron 0:1 with six tokens, of one token with five neurons."""

    def judged(claim: str, of_tokens, of_layer):
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / "config.json").write_text(json.dumps(CONFIG))
        (tmp_path / "model" / "model.safetensors").write_bytes(b"")

        def measure(source, measurements, **_):
            answers = {}
            for asked in measurements:
                if type(asked).__name__ == "Vocabulary":
                    answers[asked] = np.array([TEXTS])
                else:
                    row = of_tokens if asked.token is None else of_layer
                    answers[asked] = np.array([row], dtype=np.float32)
            return answers

        [result] = (
            Study(measure=measure)
            .judge(read_claim_file(claim_file(tmp_path, claim, "model"), templates()), "model")
            .values()
        )
        return result

    return judged


def test_share_counts_the_other_tokens_that_lie_strictly_below(by_hand):
    # " an" has products 3 and 9 under two numbers; the layer says that 9 was measured. Below 9 lie 1, 3, -4 and 2.
    result = by_hand('neuron 0:1 writes " an" more than 90% of tokens', [1, 3, 9, -4, 2, 9], [0, 9, 4, 4, 1])
    assert (result.verdict, result.evidence.effect.value) == ("refuted", pytest.approx(4 / 5))
    others = {effect.name: effect.value for effect in result.evidence.other_effects}
    assert others["share of the layer's other neurons below"] == 1.0
    assert others["product of weights"] == 9.0


def test_number_claimed_is_enough_and_a_tie_is_not_below(by_hand):
    claim = 'neuron 0:1 writes " fig" more than 75% of its layer'
    assert by_hand(claim, [0, 0, 0, 0, 5, 0], [1, 5, 2, 3, 9]).verdict == "supported"  # 3 of 4 below
    tied = by_hand(claim, [0, 0, 0, 0, 5, 0], [1, 5, 2, 5, 9])
    assert (tied.verdict, tied.evidence.effect.value) == ("refuted", 0.5)


def test_a_fact_has_no_p_and_takes_no_part_in_the_correction(by_hand):
    result = by_hand('neuron 0:1 writes " fig" more than 50% of tokens', [0, 0, 0, 0, 5, 0], [1, 5, 2, 3, 9])
    assert (result.verdict, result.evidence.test, result.tokens) == ("supported", None, "")
    assert result.reason == (
        "The neuron writes ' fig' more than every other token; more than 50 % of tokens was claimed."
    )


@pytest.mark.parametrize(
    ("over", "products", "layer", "said"),
    [
        (
            "tokens",
            [0, 0, 0, 0, -5, 0],
            [1, -5, 2, 3, 9],
            "The neuron writes no other token less than ' fig'; ",
        ),
        ("its layer", [0, 0, 0, 0, 5, 0], [1, 5, 2, 3, 4], "more than every other neuron of its layer; "),
        (
            "its layer",
            [0, 0, 0, 0, 5, 0],
            [9, 5, 5, 5, 6],
            "No other neuron of its layer writes ' fig' less; ",
        ),
        ("its layer", [0, 0, 0, 0, 5, 0], [9, 5, 4, 4, 6], "writes ' fig' more than 50 % of its layer; "),
    ],
)
def test_all_others_and_none_are_said_in_words(by_hand, over, products, layer, said):
    assert said in by_hand(f'neuron 0:1 writes " fig" more than 90% of {over}', products, layer).reason


def test_a_share_is_told_from_the_one_claimed_and_from_all(by_hand):
    layer = [*range(3), 20_000, *range(3, 10_003), 30_000]
    claim = 'neuron 0:3 writes " fig" more than {} of its layer'
    products = [0, 0, 0, 0, 20_000, 0]
    result = by_hand(claim.format("99.9999999%"), products, layer)
    assert result.reason == (
        "The neuron writes ' fig' more than 99.99 % of its layer; more than 99.9999999 % of its layer was claimed."
    )


def products(folder: Path, name: str, layer: int, options: dict[str, str]) -> np.ndarray:
    """Return [neurons, tokens] by plain arithmetic on the tensors in the checkpoint."""
    tensors = {
        key: value.astype(np.float64) for key, value in load_file(folder / "model.safetensors").items()
    }

    def tensor(end: str) -> np.ndarray:
        return next(value for key, value in tensors.items() if key.endswith(end))

    if name == "gpt2":
        out, scale = tensor(f"h.{layer}.mlp.c_proj.weight"), tensor("ln_f.weight")
        embed, head = tensor("wte.weight"), tensor("lm_head.weight")
    else:
        out, scale = tensor(f"layers.{layer}.mlp.down_proj.weight").T, tensor("model.norm.weight")
        embed, head = tensor("embed_tokens.weight"), tensor("lm_head.weight")
    if options.get("norm") != "plain":
        if name == "gpt2":
            out = out - out.mean(1, keepdims=True)
        out = out * (scale + 1 if name == "gemma" else scale)
    tokens = embed if options.get("readout") == "legacy_embed" else head
    if options.get("centred") != "false":
        tokens = tokens - tokens.mean(0)
    found = out @ tokens.T
    if options.get("measure") == "cosine":
        found /= np.linalg.norm(out, axis=1)[:, None] * np.linalg.norm(tokens, axis=1)
    return found


@pytest.mark.parametrize("name", ["gpt2", "llama", "gemma"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"measure": "cosine"},
        {"norm": "plain", "centred": "false", "readout": "legacy_embed"},
    ],
    ids=["sound", "cosine", "as published"],
)
def test_shares_are_those_of_plain_arithmetic_on_the_checkpoint(name, options, tmp_path):
    folder = save_model(name, tmp_path / name)
    layer, index, word = 1, 7, "river"
    expected, token = products(folder, name, layer, options), TOKENS.index(word)
    own = expected[index, token]
    of_tokens = (np.delete(expected[index], token) < own).mean()
    of_layer = (np.delete(expected[:, token], index) < own).mean()
    path = claim_file(
        tmp_path, f'neuron {layer}:{index} writes " {word}" more than 50% of tokens', str(folder), **options
    )
    [result] = judge(path, cache=None)
    assert result.error is None
    assert result.evidence.effect.value == pytest.approx(of_tokens, abs=1e-9)
    assert result.verdict == ("supported" if of_tokens >= 0.5 else "refuted")
    others = {effect.name: effect.value for effect in result.evidence.other_effects}
    assert others["share of the layer's other neurons below"] == pytest.approx(of_layer, abs=1e-9)
    assert others["product of weights"] == pytest.approx(own, rel=1e-5)
    assert result.evidence.rank.place == 1 + (expected[:, token] > own).sum()


def test_evidence_says_what_was_multiplied_with_what(tmp_path):
    folder = save_model("gpt2", tmp_path / "gpt2")
    claim = 'neuron 1:7 writes " river" more than 50% of tokens'
    [sound] = judge(claim_file(tmp_path, claim, str(folder)), cache=None)
    [legacy] = judge(
        claim_file(
            tmp_path,
            claim,
            str(folder),
            norm="plain",
            centred="false",
            readout="legacy_embed",
            measure="cosine",
        ),
        cache=None,
    )
    assert (
        "Output weights times unembedding; final norm's scale folded in, vocabulary's mean taken away, dot product."
        in sound.evidence.notes
    )
    assert (
        "Output weights times input embedding; without the final norm's scale, vocabulary's mean left in, cosine."
        in legacy.evidence.notes
    )


@pytest.mark.parametrize(
    ("claim", "head", "says"),
    [
        ('neuron 9:7 writes " river" more than 50% of tokens', "", "has no layer 9"),
        ('neuron 1:700 writes " river" more than 50% of tokens', "", "has no neuron 1:700"),
        ('neuron 1:7 writes "Hanoi river" more than 50% of tokens', "", "is no single token"),
    ],
)
def test_what_cannot_be_read_off_is_told(claim, head, says, tmp_path):
    folder = save_model("gpt2", tmp_path / "gpt2")
    [result] = judge(claim_file(tmp_path, f"'{claim}'", str(folder), head), cache=None)
    assert result.verdict is None
    assert says in result.error


def test_a_share_of_everything_is_refused_as_it_is_read(tmp_path):
    with pytest.raises(ClaimFileError, match="between 0% and 100%"):
        read_claim_file(
            claim_file(tmp_path, 'neuron 1:7 writes "x" more than 100% of tokens', "demo"), templates()
        )


def test_other_claims_still_need_a_token_rule(tmp_path):
    path = tmp_path / "x.claims.yaml"
    path.write_text(
        "version: 1\nmodels: [demo]\nsite: mlp_post\nsets: {a: [x y, z], b: [u, v]}\nclaims:\n"
        '  - neuron 1:7 writes "x" more than 50% of tokens\n  - neuron 1:7 separates a from b\n'
    )
    with pytest.raises(ClaimFileError) as told:
        read_claim_file(path, templates())
    assert "this claim has no 'tokens'" in str(told.value)
    assert str(told.value).count("x.claims.yaml:7:") == 1
