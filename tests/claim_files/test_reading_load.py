"""The ``load:`` block of a claim file: what it says of which model, and what is wrong with it."""

from __future__ import annotations

import pytest

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.loading.settings import LoadSettings
from neuronclaims.models.sources import open_model

FILE = """
version: 1
models: [demo, org/x]
{load}
site: mlp_post
tokens: mean of prompt
sets:
  hanoi: [Hanoi is old., Tom flew to Hanoi.]
  baseline: [The fox jumps., We painted the kitchen.]
claims:
  - neuron 2:340 activates more for hanoi than baseline
"""


def read(tmp_path, load):
    path = tmp_path / "x.claims.yaml"
    path.write_text(FILE.format(load=load), encoding="utf-8")
    return read_claim_file(path, templates())


def test_the_block_says_how_all_models_are_loaded_and_how_one_is(tmp_path):
    plain = read(tmp_path, "")
    file = read(
        tmp_path,
        "load: {dtype: bfloat16, device: 'cuda:1', models: {org/x: {dtype: auto, attention: eager}}}",
    )
    assert file.load.of("demo") == LoadSettings("bfloat16", "cuda:1")
    assert file.load.of("org/x") == LoadSettings("auto", "cuda:1", "eager")
    assert plain.load.of("org/x") == LoadSettings()
    assert file.digest != plain.digest == read(tmp_path, "# load: {dtype: float16}").digest


def test_a_model_larger_than_a_device_is_spread_by_the_file(tmp_path):
    file = read(
        tmp_path,
        "load: {device: cuda, models: {org/x: {device_map: {model: 0, lm_head: disk}, offload_folder: heap, "
        "max_memory: {0: 1.5GiB, cpu: 500 MB}}}}",
    )
    found = file.load.of("org/x")
    assert found.places == (("model", "cuda:0"), ("lm_head", "disk"))
    assert found.memory == (("cuda:0", 1_610_612_736), ("cpu", 500_000_000))
    assert (found.device, found.offload_folder) == (None, str(tmp_path / "heap"))
    assert file.load.of("demo") == LoadSettings(device="cuda")
    assert str(tmp_path) not in file.digest
    assert file.digest == read(tmp_path, file.path.read_text().splitlines()[3]).digest


def test_a_model_has_the_name_that_it_is_given_and_what_is_said_of_it(tmp_path):
    def with_models(models, load=""):
        path = tmp_path / "x.claims.yaml"
        text = FILE.format(load=load).replace("[demo, org/x]", models)
        path.write_text(text, encoding="utf-8")
        return read_claim_file(path, templates())

    file = with_models("{ours: demo, org/x: org/x}", "load: {models: {ours: {dtype: bfloat16}}}")
    assert file.models == ("ours", "org/x")
    assert [file.where(model) for model in file.models] == ["demo", "org/x"]
    assert file.load.of("ours").dtype == "bfloat16"
    assert file.digest != with_models("[ours, org/x]", "load: {models: {ours: {dtype: bfloat16}}}").digest
    source = open_model("ours", tmp_path, where=file.where("ours"))
    assert (source.name, source.folder) == ("ours", open_model("demo", tmp_path).folder)
    for wrong in ("{}", "{ours: [demo]}", "[[demo]]"):
        with pytest.raises(ClaimFileError, match="write a name, a list of names, or names with folders"):
            with_models(wrong)


@pytest.mark.parametrize(
    ("load", "says"),
    [
        ("load: {dtype: bf16}", ["'bf16' is not a number type", "'bfloat16'"]),
        ("load: {dtype: 16}", ["'16' is not a number type", "'float16'"]),
        ("load: {dtype: null}", ["number type"]),
        ("load: {dtype: }", ["'dtype' has no value"]),
        ("load: {device: cuda:x}", ["is not a device", "cuda:N"]),
        ("load: {attention: true}", ["is not a sort of attention", "allowed: sdpa"]),
        ("load: bfloat16", ["'load' must be a mapping"]),
        ("load: {type: bfloat16}", ["unknown key 'type' in 'load'", "'dtype'"]),
        ("load: {device_map: auot}", ["'device_map' will not do: it must be auto, balanced", "'auto'"]),
        ("load: {device_map: {model.norm: gpu1}}", ["it has 'gpu1' for 'model.norm'", "'cuda:1'"]),
        ("load: {device_map: auto, max_memory: {0: 20}}", ["it has '20' for 0, which is no size", "'20GiB'"]),
        ("load: {device_map: auto, max_memory: {disc: 1GB}}", ["it names 'disc'"]),
        ("load: {device_map: auto, max_memory: 20GiB}", ["such as {0: 20GiB, cpu: 60GiB}"]),
        ("load: {device: cpu, device_map: auto}", ["'device' and 'device_map' both say"]),
        ("load: {models: {demo: {device: cpu, device_map: auto}}}", ["'device' and 'device_map' both say"]),
        ("load: {max_memory: {cpu: 1GiB}}", ["'max_memory' is for a 'device_map'"]),
        ("load: {offload_folder: here}", ["'offload_folder' is for a 'device_map'"]),
        ("load: {models: {org/y: {dtype: float16}}}", ["'org/y' is no model of this file", "'org/x'"]),
        ("load: {models: {demo: float16}}", ["'demo' must be a mapping"]),
    ],
)
def test_what_is_wrong_with_the_block_is_said_where_it_stands(tmp_path, load, says):
    with pytest.raises(ClaimFileError) as caught:
        read(tmp_path, load)
    assert [problem.place.line for problem in caught.value.problems] == [4]
    for part in says:
        assert part in str(caught.value)
