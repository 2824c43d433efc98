"""Finding models: names, folders, the Hugging Face cache, and one clear error for everything else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file
from tiny_models import CONTEXT, HIDDEN, INNER, LAYERS, MODELS, make_model, make_tokenizer

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, Generation, TokenRule
from neuronclaims.measurements.errors import MeasurementError, ModelError
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import LoadedModel, open_model

PROMPTS = ("the dog", "she sat")
LAST = TokenRule("last", "prompt")


def write_config(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(text)
    (folder / "model.safetensors").touch()
    return folder


def refused(spec: str, base: Path, *says: str) -> None:
    with pytest.raises(ModelError) as caught:
        open_model(spec, base)
    for part in says:
        assert part in str(caught.value)


@pytest.mark.parametrize("name", list(MODELS))
def test_facts_come_from_the_configuration_of_every_family(source_of, name: str) -> None:
    facts, source = source_of(name).facts(), source_of(name)
    inner = 4 * HIDDEN if name == "gpt2" else INNER
    assert (facts.layers, source.context, facts.causal) == (LAYERS, CONTEXT, name != "bert")
    assert facts.widths["mlp_post"] == inner
    assert {facts.widths[site] for site in ("resid_pre", "resid_post", "mlp_out", "attn_out")} == {HIDDEN}


def test_a_folder_is_found_from_the_claim_file_and_named_for_a_node_id(folder_of, tmp_path: Path) -> None:
    shutil.copytree(folder_of("gpt2"), tmp_path / "models" / "my gpt2.5 (new)")
    source = open_model("models/my gpt2.5 (new)", tmp_path)
    assert source.name == "my-gpt2-5-new"
    assert open_model(".", tmp_path / "models" / "my gpt2.5 (new)").name == "my-gpt2-5-new"
    assert open_model(str(folder_of("gpt2")), tmp_path).name == "gpt2"


def test_a_hub_id_on_disk_is_found_with_its_revision_and_without_a_network(
    folder_of, tmp_path, monkeypatch
) -> None:
    home = tmp_path / "hub" / "models--Org--pythia-70m"
    commit = "0123456789abcdef0123456789abcdef01234567"
    shutil.copytree(folder_of("gpt_neox"), home / "snapshots" / commit)
    (home / "refs").mkdir()
    (home / "refs" / "step3000").write_text(commit)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    source = open_model("Org/pythia-70m@step3000", tmp_path)
    assert (source.name, source.folder) == ("pythia-70m@step3000", home / "snapshots" / commit)
    assert open_model(f"Org/pythia-70m@{commit[:8]}", tmp_path).folder == source.folder
    refused("Org/pythia-70m", tmp_path, "not its revision 'main'", "step3000", "hf download Org/pythia-70m")
    refused("Org/pythia-70", tmp_path, "Did you mean 'Org/pythia-70m'?", "hf download Org/pythia-70")
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert open_model("Org/pythia-70m@step3000", tmp_path).folder == source.folder


def test_what_is_not_a_model_is_one_clear_error(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    (tmp_path / "llama-small").mkdir()
    refused("./llama-smal", tmp_path, "no folder", "Did you mean llama-small?")
    refused("demmo", tmp_path, "No model 'demmo'", "Did you mean 'demo'?")
    refused("llama-small", tmp_path, "has no config.json")
    refused("  ", tmp_path, "name is empty")
    refused(str(write_config(tmp_path / "a", "{") / "config.json"), tmp_path, "is a file; give the folder")
    refused("a", tmp_path, "is not valid JSON (line 1, column 2")
    refused(str(write_config(tmp_path / "b", "[]")), tmp_path, "holds no JSON object")
    refused(
        str(write_config(tmp_path / "c", '{"model_type": "megalodon"}')),
        tmp_path,
        "type 'megalodon'",
        "Transformers 5",
        "does not know it",
    )
    refused(
        str(write_config(tmp_path / "d", '{"model_type": "gpt2"}')),
        tmp_path,
        "'n_embd' as a positive whole number",
    )
    remote = '{"model_type": "xyz", "auto_map": {"AutoModel": "x.Y"}}'
    refused(str(write_config(tmp_path / "e", remote)), tmp_path, "Python code of its own")
    (tmp_path / "b" / "config.json").write_bytes(b"\xff\xfe\x00")
    refused("b", tmp_path, "is not UTF-8")


def test_weights_that_are_missing_or_pickled_are_refused_before_anything_is_loaded(
    folder_of, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(folder_of("gpt2"), folder)
    weights = (folder / "model.safetensors").rename(tmp_path / "kept")
    refused("model", tmp_path, "has no weights")
    (folder / "pytorch_model.bin").touch()
    refused("model", tmp_path, "only as pytorch_model.bin", "can run code", "safe_serialization=True")
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    shutil.copy(weights, folder / "model-00001-of-00002.safetensors")
    refused("model", tmp_path, "lacks weights its index names: model-00002-of-00002.safetensors")
    (folder / "model.safetensors.index.json").write_text("{}")
    refused("model", tmp_path, "is not an index")


def test_weights_that_lack_a_tensor_are_refused_rather_than_filled_with_random_numbers(
    folder_of, tmp_path
) -> None:
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "model"
    shutil.copytree(folder_of("llama"), folder)
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        ModelError, match=r"incomplete: 1 tensors are missing.*model.layers.1.mlp.up_proj.weight"
    ):
        measure(open_model("model", tmp_path), [Activations("resid_post", 0, LAST, PROMPTS)])


def test_weights_that_do_not_load_are_one_error_with_the_reason(folder_of, tmp_path: Path) -> None:
    shutil.copytree(folder_of("llama"), tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"not safetensors at all")
    with pytest.raises(ModelError, match=r"is not a safetensors file, or not all of it: .+"):
        measure(open_model("model", tmp_path), [Activations("resid_post", 0, LAST, PROMPTS)])


def test_a_sharded_model_measures_as_the_same_model_in_one_file(hand_over, tmp_path: Path) -> None:
    source = hand_over("llama")
    source.loaded.model.save_pretrained(tmp_path / "sharded", max_shard_size="20KB")
    source.loaded.tokenizer.save_pretrained(tmp_path / "sharded")
    assert len(list((tmp_path / "sharded").glob("*.safetensors"))) > 2
    question = Activations("mlp_post", 2, LAST, PROMPTS)
    sharded = measure(open_model("sharded", tmp_path), [question])
    assert (sharded[question] == measure(source, [question])[question]).all()


def test_fingerprints_change_with_contents_and_with_nothing_else(folder_of, tmp_path: Path) -> None:
    folder, memory = tmp_path / "model", tmp_path / "memory"
    shutil.copytree(folder_of("gpt2"), folder)
    before = open_model("model", tmp_path).fingerprint(memory)
    assert (
        before
        == open_model("model", tmp_path).fingerprint()
        == open_model(str(folder_of("gpt2")), tmp_path).fingerprint()
    )
    assert open_model("model", tmp_path).fingerprint(memory) == before
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)
    altered = open_model("model", tmp_path).fingerprint(memory)
    assert altered.weights != before.weights
    assert altered.tokenizer == before.tokenizer
    (folder / "tokenizer.json").write_text((folder / "tokenizer.json").read_text() + " ")
    assert open_model("model", tmp_path).fingerprint(memory).tokenizer != before.tokenizer


def test_weights_that_were_merely_saved_again_are_the_same(folder_of, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(folder_of("gpt2"), tmp_path / "again"))
    before = open_model("again", tmp_path).fingerprint()
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors, reverse=True)
    parts = {"b.safetensors": names[::2], "a.safetensors": names[1::2]}
    for file, inside in parts.items():
        save_file({name: tensors[name] for name in inside}, folder / file, metadata={"saved": "again"})
    index = {"weight_map": {name: file for file, inside in parts.items() for name in inside}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    config = json.loads((folder / "config.json").read_text()) | {"transformers_version": "0.0.1"}
    (folder / "config.json").write_text(json.dumps(config, indent=3))
    assert open_model("again", tmp_path).fingerprint() == before

    name = names[0]
    swapped = tensors[name].reshape(-1)[::-1].reshape(tensors[name].shape)
    save_file(
        {n: tensors[n] for n in parts["b.safetensors"]} | {name: swapped.copy()}, folder / "b.safetensors"
    )
    assert open_model("again", tmp_path).fingerprint().weights != before.weights


@pytest.mark.parametrize(
    "broken", [b"", b"12", b"\xff" * 40, b"\x02" + bytes(7) + b"[]", b"\x02" + bytes(7) + b"{"]
)
def test_weights_that_are_no_safetensors_file_are_an_error(folder_of, tmp_path: Path, broken: bytes) -> None:
    folder = Path(shutil.copytree(folder_of("gpt2"), tmp_path / "model"))
    (folder / "model.safetensors").write_bytes(broken)
    with pytest.raises(ModelError, match="not a safetensors file, or not all of it"):
        open_model("model", tmp_path).fingerprint()


def test_unchanged_files_are_not_hashed_again(folder_of, tmp_path: Path, monkeypatch) -> None:
    source = open_model(str(folder_of("gpt2")), tmp_path)
    known = source.fingerprint(tmp_path / "memory")
    monkeypatch.setattr(
        "neuronclaims.models.identity.fingerprint._hash_tensors", lambda *paths: pytest.fail("hashed again")
    )
    assert source.fingerprint(tmp_path / "memory") == known


def test_a_model_handed_over_is_known_by_its_contents() -> None:
    def fingerprint(**changes):
        handed = LoadedModel(make_model("gpt2", **changes), make_tokenizer("plain"))
        return open_model("mine", Path("."), {"mine": handed}).fingerprint()

    assert fingerprint() == fingerprint()
    assert (
        fingerprint().weights
        != fingerprint(seed=1).weights
        != fingerprint(activation_function="relu").weights
    )


@pytest.mark.parametrize(
    ("name", "question", "says"),
    [
        (
            "gpt_neox",
            Activations("resid_mid", 0, LAST, PROMPTS),
            "'resid_mid' is not measured on GPT-NeoX models such as gpt_neox. Sites: resid_pre",
        ),
        (
            "gpt2",
            Activations("final_norm", 1, LAST, PROMPTS),
            "final_norm stands behind the last block, so in gpt2 its neurons have layer 2; there is none at layer 1.",
        ),
        ("gpt2", Activations("residual", 0, LAST, PROMPTS), "'residual' is no site"),
        ("gpt2", Activations("resid_post", 3, LAST, PROMPTS), "gpt2 has layers 0 to 2; there is no layer 3"),
        ("gpt2", Activations("resid_post", -1, LAST, PROMPTS), "there is no layer -1"),
        (
            "bert",
            Activations("resid_post", 0, TokenRule("mean", "generated"), PROMPTS, Generation(3)),
            "'mean of prompt'",
        ),
        ("gpt2", Activations("resid_post", 0, TokenRule("mean", "emitting"), PROMPTS), "how many new tokens"),
        ("gpt2", Activations("resid_post", 0, LAST, PROMPTS, Generation(3)), "takes no generation"),
    ],
)
def test_what_a_model_cannot_answer_is_said_before_it_is_loaded(
    source_of, name, question, says, monkeypatch
) -> None:
    monkeypatch.setattr("neuronclaims.engines.local.LocalEngine", lambda *_: pytest.fail("loaded"))
    with pytest.raises(MeasurementError) as caught:
        measure(source_of(name), [question])
    assert says in str(caught.value)


def test_options_out_of_range_are_refused() -> None:
    for wrong in ({"dtype": "float8"}, {"attention": "fast"}, {"batch_tokens": 0}, {"batch_prompts": -1}):
        with pytest.raises(MeasurementError):
            RunOptions(**wrong)
