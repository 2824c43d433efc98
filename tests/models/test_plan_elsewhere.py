"""What a run takes on devices of another machine, against figures worked out by hand; no weights are anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cases import for_each

import neuronclaims
from neuronclaims.cli import main
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.models.running.skeleton import size_of_folder
from neuronclaims.planning.devices import DEVICES, read_device
from neuronclaims.scripting.plan import PlannedRun

LLAMA = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 32000,
    "num_hidden_layers": 80,
    "hidden_size": 8192,
    "intermediate_size": 28672,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "max_position_embeddings": 4096,
}
BLOCK = 2 * 8192 * 8192 + 2 * 8192 * 1024 + 3 * 8192 * 28672
"""Weights of a block: queries and output, keys and values of 8 of 64 heads, and the three of the MLP."""
USED = 80 * BLOCK
EVERY = USED + 2 * 32000 * 8192 + (2 * 80 + 1) * 8192
TOKENS = 10
SETS = {
    name: [f"text {number:02d} says what {name} says to us.." for number in range(60)]
    for name in ("Hanoi", "Paris")
}
MORE = "neuron 79:3 activates more for Hanoi than Paris"
SPEC = "400 TFLOPS, 80 GB, 2 TB/s"


def configured(folder: Path, config: dict[str, object] = LLAMA) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def planned(folder: Path, claim: str = MORE, **keys: object) -> PlannedRun:
    return neuronclaims.plan(
        claim,
        configured(folder / "llama"),
        **{
            "sets": SETS,
            "site": "mlp_post",
            "tokens": "last of prompt",
            "cache": None,
            "pilot": False,
            **keys,
        },
    )


def test_pooled_activations_take_what_their_tokens_and_calls_take(tmp_path) -> None:
    assert {len(text) for texts in SETS.values() for text in texts} == {36}  # 4 bytes a token, and one more
    plan = planned(tmp_path)
    [run] = plan.on(SPEC, 0.5).models
    assert run.forecast.guessed
    found = run.elsewhere
    assert (found.size.all, found.size.used) == (EVERY, USED) == (68_976_648_192, 68_451_041_280)
    # 120 texts of 10 tokens: 64 and 56 in a call, and one more text that is run again alone.
    assert (run.forecast.tokens, run.forecast.calls) == (1200, 3)
    token = 2 * USED + 4 * 80 * 8192 * TOKENS
    assert found.token_flops == pytest.approx(token)
    assert found.seconds == pytest.approx(1200 * token / 200e12)
    assert not found.reads
    [slow] = plan.on("400 TFLOPS, 80 GB, 0.4 TB/s", 0.5).models
    assert slow.elsewhere.seconds == pytest.approx(3 * 2 * EVERY / 0.2e12)
    assert slow.elsewhere.reads
    [unsaid] = plan.on("400 TFLOPS, 80 GB").models
    assert unsaid.elsewhere.seconds == pytest.approx(1200 * token / 120e12)


def test_as_many_devices_are_needed_as_hold_the_weights_beside_a_batch(tmp_path) -> None:
    plan = planned(tmp_path)
    batch = 64 * TOKENS * 2 * (8 * 8192 + 3 * 28672)
    for memory, devices in ((40, 4), (80, 2), (141, 2), (200, 1)):
        [run] = plan.on(f"400 TFLOPS, {memory} GB").models
        found = run.elsewhere
        assert (found.weights, found.batch) == (2 * EVERY, batch)
        assert found.devices == devices
        assert (devices - 1) * (0.9e9 * memory - batch) < 2 * EVERY <= devices * (0.9e9 * memory - batch)
        assert found.device_hours == pytest.approx(devices * found.seconds / 3600)
    with pytest.raises(NeuronClaimsError, match="no room for a batch"):
        plan.on("400 TFLOPS, 0.1 GB")


def test_what_is_generated_reads_the_weights_for_every_token(tmp_path) -> None:
    plan = planned(tmp_path, tokens="mean of generated", generate={"max_new_tokens": 20})
    [run] = plan.on(SPEC, 0.5).models
    calls = 2 * 20 + 1
    assert run.forecast.calls == calls
    assert run.elsewhere.reads
    assert run.elsewhere.seconds == pytest.approx(calls * 2 * EVERY / 1e12)
    flops = 120 * 30 * (2 * USED + 4 * 80 * 8192 * 30) + 2 * 32000 * 8192 * 120 * 20
    assert run.elsewhere.flops == pytest.approx(flops)
    keys = 64 * 30 * 2 * 80 * 2 * 1024
    assert run.elsewhere.batch == keys + 64 * 30 * 2 * (8 * 8192 + 3 * 28672) + 64 * 32000 * 4


def test_numbers_of_32_bits_take_twice_the_memory_and_go_slower(tmp_path) -> None:
    [half] = planned(tmp_path).on("h100").models
    path = tmp_path / "x.claims.yaml"
    path.write_text(
        f"version: 1\nmodels: [llama]\nload: {{dtype: float32}}\nsite: mlp_post\ntokens: last of prompt\n"
        f"sets: {json.dumps(SETS)}\nclaims: [{MORE}]\n"
    )
    [single] = neuronclaims.plan(path, cache=None, pilot=False).on("h100").models
    assert (half.elsewhere.dtype, single.elsewhere.dtype) == ("bfloat16", "float32")
    assert single.elsewhere.weights == 2 * half.elsewhere.weights
    assert single.elsewhere.seconds == pytest.approx(half.elsewhere.seconds * 989 / 67)


def test_sizes_of_known_models_are_those_that_were_published(tmp_path) -> None:
    small = {"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12, "vocab_size": 50257}
    found = size_of_folder(configured(tmp_path / "gpt2", small), "gpt2", "gpt2")
    assert (found.all, found.used, found.head) == (124_439_808, 12 * 12 * 768**2, 50257 * 768)
    mixtral = {
        "model_type": "mixtral",
        "num_hidden_layers": 32,
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_attention_heads": 32,
        "num_local_experts": 8,
        "num_experts_per_tok": 2,
    }
    found = size_of_folder(configured(tmp_path / "mixtral", LLAMA | mixtral), "mixtral", "mixtral")
    # 46.7 billion, of which a token uses 12.9 with the embedding and the head.
    assert found.all == 46_702_792_704
    attention, router, expert = 2 * 4096**2 + 2 * 4096 * 1024, 8 * 4096, 3 * 4096 * 14336
    assert found.used == 32 * (attention + router + 2 * expert)


def test_the_command_says_devices_and_hours_and_loads_nothing(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(
        "neuronclaims.models.running.loading.load", lambda *_: pytest.fail("a model is loaded")
    )
    monkeypatch.chdir(tmp_path)
    configured(tmp_path / "llama")
    (tmp_path / "x.claims.yaml").write_text(
        "version: 1\nmodels: [big, demo]\nsite: mlp_post\ntokens: last of prompt\n"
        f"sets: {json.dumps(SETS)}\nclaims: [{MORE}]\n"
    )
    given = ["plan", "x.claims.yaml", "--model", "big=llama"]
    assert main([*given, "--on", "H100", "--utilisation", "0.4"]) == 1  # the demo has no layer 79
    out = " ".join(capsys.readouterr().out.split())
    assert "2 of h100, with 80.0 GB each, for 138.0 GB of weights in bfloat16" in out
    assert "40% of 989 TFLOPS are reached (--utilisation), which is not measured" in out
    assert "its tokenizer is not here" in out
    assert "on each of the 2" in out
    assert not (tmp_path / ".neuronclaims").exists()
    for wrong, said in (
        (["--utilisation", "0.4"], "--on h100"),
        (["--on", "h1000"], "Is h100 meant?"),
        (["--on", "h100", "--utilisation", "0"], "above 0 and at most 1"),
        (["--on", "h100", "--utilisation", "nan"], "above 0 and at most 1"),
    ):
        assert main([*given, *wrong]) == 1
        assert said in " ".join(capsys.readouterr().err.split())


@for_each(
    "text",
    ["", "v1", "400 TFLOPS", "80 GB", "400 TFLOPS, 80 GB, 80 GB", "400 TFLOPS; 80 GB", "1e99 FLOPS, 8 GB"],
)
def test_what_is_no_device_is_said(text) -> None:
    with pytest.raises(NeuronClaimsError, match="no device"):
        read_device(text)


def test_devices_are_known_by_name_or_by_their_data() -> None:
    assert read_device(" A100-40GB ") is DEVICES["a100-40gb"]
    found = read_device("1.5e14 FLOP/s,24 GB, 900GB/s")
    assert (found.speed, found.memory, found.reading) == (150e12, 24e9, 900e9)
