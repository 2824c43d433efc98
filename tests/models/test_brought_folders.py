"""Folders of other sorts: with code of their own, quantised, or holding an adapter."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import make_tokenizer, save_model

from neuronclaims.cache.run_cache import RunCache, context_key
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, Congruence, Generation, TokenRule
from neuronclaims.measurements.errors import MissingModelError, ModelError
from neuronclaims.models.bringing import configs
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import open_model

TEXTS = ("the dog saw a small house", "she sat", "Hanoi was old and big")
ASKED = Activations("mlp_post", 1, TokenRule("last", "prompt"), TEXTS)


def with_settings(folder: Path, to: Path, **settings: Any) -> Path:
    shutil.copytree(folder, to)
    known = json.loads((to / "config.json").read_text())
    (to / "config.json").write_text(json.dumps(known | settings))
    return to


def test_code_of_a_models_own_is_not_needed_where_transformers_knows_the_type(folder_of, tmp_path) -> None:
    (tmp_path / "evil.py").write_text("raise SystemExit('run')")
    folder = with_settings(folder_of("llama"), tmp_path / "m", auto_map={"AutoModel": "evil.Model"})
    (folder / "evil.py").write_text("raise SystemExit('run')")
    source, plain = open_model("m", tmp_path), open_model(str(folder_of("llama")), tmp_path)
    assert np.array_equal(measure(source, [ASKED])[ASKED], measure(plain, [ASKED])[ASKED])
    [note] = source.notes
    assert "auto_map" in note
    assert "was not run" in note
    assert plain.notes == ()
    for kind in ("xyz", "../x", "", 3):
        odd = with_settings(folder, tmp_path / f"k{hash(kind)}", model_type=kind)
        with pytest.raises(ModelError, match="auto_map"):
            open_model(str(odd), tmp_path)


@pytest.mark.parametrize("way", ["gptq", "awq", "mxfp4", "compressed-tensors"])
def test_other_ways_to_quantise_are_refused_by_name(folder_of, tmp_path, way) -> None:
    folder = with_settings(
        folder_of("llama"), tmp_path / "m", quantization_config={"quant_method": way, "bits": 4}
    )
    with pytest.raises(ModelError, match=f"is quantised by {way} .*bitsandbytes and torchao are"):
        open_model(str(folder), tmp_path)


def test_a_quantiser_that_is_not_installed_is_named(folder_of, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(configs, "find_spec", lambda name: None)
    for settings, says in [
        ({"quant_method": "torchao"}, "pip install torchao "),
        ({"load_in_4bit": True}, "pip install bitsandbytes accelerate "),
    ]:
        folder = with_settings(folder_of("llama"), tmp_path / says.split()[2], quantization_config=settings)
        with pytest.raises(ModelError, match=says):
            open_model(str(folder), tmp_path)


def quantised(folder: Path, way: str) -> Path:
    """Save a quantised copy of a model beside it."""
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig, TorchAoConfig

    if way == "torchao":
        from torchao.quantization import Int8WeightOnlyConfig

        how: Any = TorchAoConfig(Int8WeightOnlyConfig())
    else:
        how = BitsAndBytesConfig(
            load_in_8bit=way == "int8", load_in_4bit=way == "nf4", bnb_4bit_quant_type="nf4"
        )
    model = AutoModelForCausalLM.from_pretrained(folder, quantization_config=how, device_map="cpu")
    model.save_pretrained(folder.parent / way)
    make_tokenizer("bos").save_pretrained(folder.parent / way)
    return folder.parent / way


@pytest.mark.parametrize("way", ["torchao", "int8", "nf4"])
def test_a_quantised_folder_is_measured_as_its_library_runs_it(folder_of, tmp_path, way) -> None:
    if not all(map(find_spec, configs.QUANTISERS["torchao" if way == "torchao" else "bitsandbytes"])):
        pytest.skip("the library is not installed")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    whole = save_model("llama", tmp_path / "plain", hidden_size=64, intermediate_size=128)
    folder = quantised(whole, way)
    source, cache = open_model(str(folder), tmp_path), RunCache(tmp_path / "cache")
    found = measure(source, [ASKED], cache=cache)[ASKED]
    model = AutoModelForCausalLM.from_pretrained(folder, device_map="cpu").eval()
    tokenizer, rows = AutoTokenizer.from_pretrained(folder), []
    hook = model.model.layers[1].mlp.down_proj.register_forward_pre_hook(lambda _, args: rows.append(args[0]))
    with torch.no_grad():
        for text in TEXTS:
            model(**tokenizer(text, return_tensors="pt"))
    hook.remove()
    expected = np.stack([row[0, -1].float().numpy() for row in rows])
    plain = measure(open_model(str(whole), tmp_path), [ASKED])[ASKED]
    assert np.abs(found - expected).max() < 0.02 * np.abs(expected).max()
    assert np.abs(found - expected).max() < 0.2 * np.abs(found - plain).max()
    assert "is quantised by" in source.notes[0]
    key = context_key(source, RunOptions(), source.fingerprint())
    assert key != context_key(
        open_model(str(folder_of("llama")), tmp_path), RunOptions(), source.fingerprint()
    )
    made = Activations("mlp_post", 1, TokenRule("mean", "generated"), TEXTS, Generation(3))
    assert np.isfinite(measure(source, [made])[made]).all()
    with pytest.raises(ModelError, match="is quantised, so what its neurons write"):
        measure(source, [Congruence(1, 0, None)])


@pytest.fixture
def adapter(folder_of, tmp_path):
    """Save an adapter with random weights on a copy of a Llama; the base, the adapter, and PEFT's own object."""
    peft = pytest.importorskip("peft")
    from transformers import AutoModelForCausalLM

    def make(kind: str = "LoraConfig", **how: Any) -> tuple[Path, Path, Any]:
        base = shutil.copytree(folder_of("llama"), tmp_path / "base", dirs_exist_ok=True)
        settings = {"target_modules": ["down_proj", "q_proj"], **how}
        config = getattr(peft, kind)(task_type="CAUSAL_LM", **settings)
        model = peft.get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
        torch.manual_seed(1)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.requires_grad:
                    parameter.add_(torch.randn_like(parameter) * 0.2)
        folder = tmp_path / "adapters" / kind
        model.save_pretrained(folder)
        return base, folder, model.eval()

    return make


def hidden_states(model: Any, tokenizer: Any, layer: int) -> np.ndarray:
    with torch.no_grad():
        rows = [model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True) for text in TEXTS]
    return np.stack([row.hidden_states[layer + 1][0, -1].numpy() for row in rows])


@pytest.mark.parametrize("kind", ["LoraConfig", "LoHaConfig", "IA3Config"])
def test_an_adapter_is_measured_on_its_base_as_peft_runs_it(adapter, tmp_path, kind) -> None:
    from transformers import AutoTokenizer

    how = {"target_modules": ["k_proj", "down_proj"], "feedforward_modules": ["down_proj"]}
    base, folder, model = adapter(kind, **(how if kind == "IA3Config" else {}))
    state = Activations("resid_post", 1, TokenRule("last", "prompt"), TEXTS)
    source, cache = open_model(str(folder), tmp_path), RunCache(tmp_path / "cache")
    found = measure(source, [state], cache=cache)[state]
    tokenizer = AutoTokenizer.from_pretrained(base)
    np.testing.assert_allclose(found, hidden_states(model, tokenizer, 1), atol=2e-5)
    plain = measure(open_model(str(base), tmp_path), [state], cache=cache)[state]
    assert np.abs(found - plain).max() > 0.01
    assert "on base" in source.notes[0]
    assert source.name == kind
    seen: list[Any] = []
    warm = measure(open_model(str(folder), tmp_path), [state], cache=cache, progress=seen.append)[state]
    assert np.array_equal(warm, found)
    assert [each.stage for each in seen] == ["cached"]
    with pytest.raises(ModelError, match="merge_and_unload"):
        measure(source, [Congruence(1, 0, None)])


def test_the_identity_of_an_adapter_is_its_own_weights_and_its_bases(adapter, tmp_path) -> None:
    from safetensors.numpy import load_file, save_file

    base, folder, _ = adapter()
    first = open_model(str(folder), tmp_path).fingerprint()
    assert first.weights != open_model(str(base), tmp_path).fingerprint().weights
    moved = shutil.copytree(base, tmp_path / "adapters" / "elsewhere")
    config = json.loads((folder / "adapter_config.json").read_text())
    for named in ("../elsewhere", str(moved), "adapters/elsewhere"):
        (folder / "adapter_config.json").write_text(json.dumps(config | {"base_model_name_or_path": named}))
        assert open_model(str(folder), tmp_path).fingerprint() == first
    for path in (moved / "model.safetensors", folder / "adapter_model.safetensors"):
        kept, tensors = path.read_bytes(), load_file(path)
        name = sorted(tensors)[0]
        save_file(tensors | {name: tensors[name] + 1}, path, metadata={"format": "pt"})
        assert open_model(str(folder), tmp_path).fingerprint().weights != first.weights
        path.write_bytes(kept)
    (folder / "adapter_config.json").write_text(json.dumps(config | {"lora_alpha": 99}))
    assert open_model(str(folder), tmp_path).fingerprint().weights != first.weights


def test_an_adapter_finds_its_base_in_the_hubs_cache(adapter, tmp_path, monkeypatch) -> None:
    base, folder, _ = adapter()
    home, commit = tmp_path / "hub" / "models--org--x", "0123456789abcdef0123456789abcdef01234567"
    shutil.copytree(base, home / "snapshots" / commit)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(commit)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | {"base_model_name_or_path": "org/x"}))
    assert open_model(str(folder), tmp_path).model_folder == home / "snapshots" / commit
    own = tmp_path / "hub" / "models--org--lora"
    shutil.copytree(folder, own / "snapshots" / commit)
    (own / "refs").mkdir()
    (own / "refs" / "main").write_text(commit)
    source = open_model("org/lora", tmp_path)
    assert (source.name, source.model_folder) == ("lora", home / "snapshots" / commit)
    shutil.rmtree(home)
    with pytest.raises(MissingModelError, match="hf download org/x"):
        open_model("org/lora", tmp_path)


ADAPTERS: dict[str, tuple[dict[str, Any], str]] = {
    "no base": ({"base_model_name_or_path": None}, "does not name its base"),
    "a base that is not here": (
        {"base_model_name_or_path": "/x/llama"},
        "not on this machine: There is no folder",
    ),
    "a base on no disk": ({"base_model_name_or_path": "org/none"}, "hf download org/none"),
    "a base that is a file": ({"base_model_name_or_path": "adapter_config.json"}, "not on this machine"),
    "tokens put before the text": ({"peft_type": "PROMPT_TUNING"}, "'PROMPT_TUNING', which is not measured"),
    "no kind": ({"peft_type": None}, "which is not measured"),
    "a start that changes the base": ({"init_lora_weights": "pissa"}, "init_lora_weights: pissa"),
    "tokens that switch it on": ({"alora_invocation_tokens": [1, 2]}, "alora_invocation_tokens"),
    "a module to import": ({"megatron_config": {"a": 1}, "megatron_core": "os"}, "megatron_config"),
    "other modules": ({"target_modules": ["no_such"]}, "does not go on"),
    "fewer modules": ({"target_modules": ["q_proj"]}, "have no place in the model"),
    "more modules": ({"target_modules": ["q_proj", "down_proj", "v_proj"]}, "are missing in the adapter"),
    "another rank": ({"r": 3}, "does not go on"),
}


@pytest.mark.parametrize(("settings", "says"), ADAPTERS.values(), ids=ADAPTERS)
def test_an_adapter_that_cannot_be_measured_is_one_clear_error(adapter, tmp_path, settings, says) -> None:
    _, folder, _ = adapter()
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | settings))
    with pytest.raises(ModelError) as caught:
        measure(open_model(str(folder), tmp_path), [ASKED])
    assert says in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_an_adapter_without_peft_or_with_pickled_weights_is_refused(tmp_path, monkeypatch) -> None:
    from neuronclaims.models.bringing import adapters

    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": "demo"}')
    monkeypatch.setattr(adapters, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"peft is not installed. Install it: pip install peft"):
        open_model("a", tmp_path)
    monkeypatch.setattr(adapters, "find_spec", lambda name: name)
    with pytest.raises(ModelError, match=r"not: no adapter_model.safetensors"):
        open_model("a", tmp_path)
    (folder / "adapter_model.bin").touch()
    with pytest.raises(ModelError, match="can run code when read"):
        open_model("a", tmp_path)
