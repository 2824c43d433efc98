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
from neuronclaims.measurements.errors import ModelError
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
