"""How models are loaded: number types, devices, attention, sharded folders, and who has the last word."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import make_model, make_tokenizer, style_of
from transformers import AutoModelForCausalLM, AutoTokenizer

from neuronclaims.cache.run_cache import context_key
from neuronclaims.engines.measure import measure
from neuronclaims.loading.settings import LoadSettings
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import MeasurementError, MissingModelError, ModelError
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import open_model

TEXTS = ("the dog saw a small house", "she sat")
ASKED = Activations("resid_post", 1, TokenRule("last", "prompt"), TEXTS)


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama in bfloat16, in several files of weights."""
    folder = tmp_path_factory.mktemp("half") / "half"
    make_model("llama").to(torch.bfloat16).save_pretrained(folder, max_shard_size="20KB")
    make_tokenizer(style_of("llama")).save_pretrained(folder)
    assert len(list(folder.glob("model-*.safetensors"))) > 2
    return folder


def plain(folder: Path, dtype: torch.dtype) -> np.ndarray:
    """The last token's state behind block 1, by Transformers alone."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        rows = [model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True) for text in TEXTS]
    return np.stack([row.hidden_states[2][0, -1].float().numpy() for row in rows])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_a_sharded_folder_of_half_precision_is_measured_in_the_type_asked_for(half, dtype) -> None:
    found = measure(open_model(str(half), Path(".")), [ASKED], options=RunOptions(dtype=dtype))[ASKED]
    expected = plain(half, getattr(torch, dtype))
    # One text of another length is padded: in half precision that may round once more.
    assert np.abs(found - expected).max() <= {"float32": 1e-5, "bfloat16": 0.06, "float16": 8e-3}[dtype]
    if dtype != "float32":
        assert not np.allclose(expected, plain(half, torch.float32), atol=1e-6)
        assert np.array_equal(found, torch.tensor(found).to(getattr(torch, dtype)).float().numpy())


def test_who_says_how_a_model_is_loaded_and_what_its_own_type_is(half, folder_of) -> None:
    source = open_model(str(half), Path("."), load=LoadSettings("float16", attention="eager"))
    assert source.loading(RunOptions()) == LoadSettings("float16", "cpu", "eager")
    assert source.loading(RunOptions(dtype="auto")).dtype == "bfloat16"
    own = open_model(str(half), Path("."), load=LoadSettings(dtype="auto"))
    keys = {
        context_key(each, options, each.fingerprint())
        for each, options in [
            (own, RunOptions()),
            (own, RunOptions(dtype="bfloat16")),
            (source, RunOptions(dtype="auto", attention="sdpa")),
        ]
    }
    assert len(keys) == 1
    assert context_key(source, RunOptions(), source.fingerprint()) not in keys


def test_the_own_type_of_a_folder_that_names_none_is_that_of_most_weights(half, tmp_path) -> None:
    import shutil

    folder = shutil.copytree(half, tmp_path / "m")
    config = json.loads((folder / "config.json").read_text())
    for given, dtype in [(None, "bfloat16"), ("auto", "bfloat16"), ("float16", "float16")]:
        (folder / "config.json").write_text(json.dumps(config | {"dtype": given, "torch_dtype": None}))
        assert open_model("m", tmp_path).loading(RunOptions(dtype="auto")).dtype == dtype
    for odd in ("float64", 16, True, ["bfloat16"]):
        (folder / "config.json").write_text(json.dumps(config | {"dtype": odd}))
        with pytest.raises(ModelError, match="Say which it is to run in: float32, bfloat16, float16"):
            open_model("m", tmp_path).loading(RunOptions(dtype="auto"))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"dtype": "bf16"}, "Did you mean bfloat16?"),
        ({"dtype": "torch.float16"}, "Did you mean float16?"),
        ({"dtype": 16}, "not 16. Did you mean float16?"),
        ({"dtype": None, "device": "gpu"}, "device must be one of cpu, cuda, cuda:N, mps, auto, not 'gpu'"),
        ({"device": 0}, "device must be"),
        ({"device": "cuda:x"}, "device must be"),
        ({"attention": "flash"}, "Did you mean flash_attention_2?"),
    ],
)
def test_a_setting_that_does_not_exist_is_one_error_with_what_was_meant(given, says) -> None:
    with pytest.raises(MeasurementError) as caught:
        RunOptions(**given)
    assert says in str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
@pytest.mark.parametrize("device", ["cuda", "cuda:3"])
def test_a_device_that_is_not_here_is_one_clear_error(source_of, device) -> None:
    with pytest.raises(
        ModelError, match=f"to run on {device}, but this machine has none.*--claims-device=auto"
    ):
        measure(source_of("gpt2"), [ASKED], options=RunOptions(device=device))


@pytest.fixture
def hub(folder_of, tmp_path, monkeypatch):
    """A cache of the hub in which a model has one revision: a pull request."""
    import shutil

    home, commit = tmp_path / "hub" / "models--org--x", "0123456789abcdef0123456789abcdef01234567"
    shutil.copytree(folder_of("gpt2"), home / "snapshots" / commit)
    (home / "refs" / "refs" / "pr").mkdir(parents=True)
    (home / "refs" / "refs" / "pr" / "1").write_text(commit)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return home / "snapshots" / commit


def test_a_pull_request_of_the_hub_is_a_revision(hub, tmp_path) -> None:
    for spec in ("org/x@pr/1", "org/x@refs/pr/1", "hub:org/x@refs/pr/1", "hub:org/x@pr/1"):
        source = open_model(spec, tmp_path)
        assert (source.folder, source.name) == (hub, "x@pr-1")
    for spec, says in [
        ("org/x@pr/2", "hf download org/x --revision refs/pr/2"),
        ("hub:org/y@refs/pr/3", "hf download org/y --revision refs/pr/3"),
        ("org/x@../../../../etc", "names a revision that can be none"),
    ]:
        with pytest.raises(ModelError) as caught:
            open_model(spec, tmp_path)
        assert says in str(caught.value)


def test_a_model_is_downloaded_only_where_that_is_asked_for_and_never_with_code(hub, tmp_path, monkeypatch):
    import huggingface_hub

    asked = []

    def fetch(name, **how):
        asked.append((name, how))
        if name == "org/none":
            raise OSError("401 Client Error\nmore")
        return str(hub)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    with pytest.raises(ModelError, match="--claims-download"):
        open_model("org/y", tmp_path)
    open_model("org/x@pr/1", tmp_path, download=True)
    with pytest.raises(ModelError):
        open_model("org/y", tmp_path, download=True, weights=False)  # a look ahead fetches nothing
    assert asked == []
    assert open_model("org/y@pr/7", tmp_path, download=True).folder == hub
    [(name, how)] = asked
    assert (name, how["revision"], str(how["cache_dir"])) == ("org/y", "refs/pr/7", str(tmp_path / "hub"))
    from huggingface_hub.utils import filter_repo_objects

    files = ["config.json", "model.safetensors", "x.py", "a.bin", "onnx/model.safetensors", "tokenizer.model"]
    wanted = filter_repo_objects(
        files, allow_patterns=how["allow_patterns"], ignore_patterns=how["ignore_patterns"]
    )
    assert list(wanted) == ["config.json", "model.safetensors", "tokenizer.model"]
    with pytest.raises(MissingModelError, match="could not be downloaded: 401 Client Error"):
        open_model("org/none", tmp_path, download=True)
    lacking = tmp_path / "hub" / "models--org--y" / "snapshots" / "1234567"
    lacking.mkdir(parents=True)
    (lacking / "config.json").write_text((hub / "config.json").read_text())
    with pytest.raises(MissingModelError):
        open_model("org/y@1234567", tmp_path)
    assert open_model("org/y@1234567", tmp_path, download=True).folder == hub


def test_the_command_line_counts_before_the_claim_file_and_that_before_the_configuration(tmp_path) -> None:
    from neuronclaims.claim_files.reader import read_claim_file
    from neuronclaims.kinds import templates
    from neuronclaims.pytest_session.load_settings import load_settings
    from neuronclaims.study import Study

    options = {"claims_dtype": "bfloat16"}
    configured = {"claims_dtype": "float16", "claims_attention": "eager"}
    config: Any = SimpleNamespace(getoption=options.get, getini=lambda name: configured.get(name, ""))
    given, unsaid = load_settings(config)
    assert (given, unsaid) == (LoadSettings("bfloat16"), LoadSettings("float16", attention="eager"))
    path = tmp_path / "x.claims.yaml"
    path.write_text(
        "version: 1\nmodels: [demo]\nload: {dtype: float32, models: {demo: {device: cpu}}}\nsite: mlp_post\n"
        "tokens: mean of prompt\nsets: {a: [x, y], b: [z, w]}\nclaims: [neuron 1:1 activates more for a than b]\n"
    )
    file = read_claim_file(path, templates())
    ways = []

    def see(source, measurements, *, cache, options, progress):
        ways.append(source.loading(options))
        return {each: np.zeros((len(each.prompts), 512), np.float32) for each in measurements}

    for options, load in [
        (RunOptions(dtype=given.dtype), unsaid),
        (RunOptions(), unsaid),
        (RunOptions(), LoadSettings()),
    ]:
        Study(measure=see, options=options, load=load).judge(file, "demo")
    assert ways == [
        LoadSettings("bfloat16", "cpu", "eager"),
        LoadSettings("float32", "cpu", "eager"),
        LoadSettings("float32", "cpu", "sdpa"),
    ]
