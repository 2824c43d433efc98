"""A lab's own model object, handed in from its conftest.py. The one file of this suite that runs a model."""

from __future__ import annotations

import json

import pytest
from inner import report_of, session

pytest.importorskip("torch")

CONFTEST = """
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast
import torch
from neuronclaims.models.sources import LoadedModel

@pytest.fixture(scope="session")
def claims_models():
    torch.manual_seed(0)
    words = ["[UNK]", "is", "small", "tall", *"abcdefgh"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    config = GPT2Config(vocab_size=len(words), n_positions=16, n_embd=8, n_layer=2, n_head=2)
    model = GPT2LMHeadModel(config)
    model.transformer.wpe.weight.data.zero_()
    model.transformer.wte.weight.data.zero_()
    model.transformer.wte.weight.data[words.index("tall"), 5] = 9.0
    for block in model.transformer.h:
        for layer in (block.attn.c_proj, block.mlp.c_proj):
            layer.weight.data.zero_()
            layer.bias.data.zero_()
    return {"ours": LoadedModel(model, PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]"))}
"""


def test_a_model_object_from_conftest_is_measured_under_its_name(tmp_path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    tall, small = ([f"{letter} is {word}" for letter in "abcdefgh"] for word in ("tall", "small"))
    text = "version: 1\nmodels: [ours]\nsite: resid_post\ntokens: max of prompt\n"
    text += f"sets: {{tall: {json.dumps(tall)}, small: {json.dumps(small)}}}\n"
    text += (
        "claims:\n"
        "  - neuron 1:5 activates more for tall than small\n"
        "  - {claim: neuron 1:4 separates tall from small, expect: inconclusive}\n"
    )
    (tmp_path / "people.claims.yaml").write_text(text)
    done = session(tmp_path, "--claims-report=.")
    assert done.returncode == 0, done.stdout
    first, second = report_of(tmp_path)["claims"]
    # Blocks that write nothing hand on the embeddings: 9 in coordinate 5 for every tall prompt, 0 for the others.
    assert first["model"] == "ours"
    assert [row["values"] for row in first["evidence"]["figures"][0]["rows"]] == [[9.0] * 8, [0.0] * 8]
    assert first["evidence"]["test"]["p_value"] == pytest.approx(2 / 12870)
    assert second["verdict"] == "inconclusive"
    assert (tmp_path / ".neuronclaims" / ".gitignore").read_text() == "*\n"


def test_answers_of_a_model_from_conftest_are_graded_by_the_fingerprint_that_its_report_shows(
    tmp_path,
) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    for word in ("tall", "small"):
        rows = "".join(json.dumps({"text": f"{letter} is {word}"}) + "\n" for letter in "abcdefgh")
        (tmp_path / f"{word}.jsonl").write_text(rows)

    def graded_by(sha: str) -> None:
        text = "version: 1\nmodels: [ours]\nsite: resid_post\ntokens: max of prompt\nsets:\n"
        text += "".join(f"  {word}: {{file: {word}.jsonl, graded_by: {sha}}}\n" for word in ("tall", "small"))
        text += "claims: [neuron 1:5 separates tall from small]\n"
        (tmp_path / "people.claims.yaml").write_text(text)

    graded_by("ab" * 32)
    refused = session(tmp_path, "--claims-report=.", "-v")
    assert refused.returncode == 1
    [claim] = report_of(tmp_path)["claims"]
    said = "The answers in 'tall' and 'small' were graded on another model: its fingerprint is abababababab…"
    assert claim["error"].startswith(said)
    assert "(A model handed over as an object has another fingerprint than its files.)" in claim["error"]
    assert f"Weights of ours: SHA-256 {claim['fingerprint']}" in refused.stdout
    graded_by(claim["fingerprint"])
    done = session(tmp_path, "--claims-report=.")
    assert done.returncode == 0, done.stdout
    assert "SHA-256" not in done.stdout  # without -v
