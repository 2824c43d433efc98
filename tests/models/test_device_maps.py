"""Models split over the CPU and disk give what they give in one piece: every measurement, and their identity."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from test_every_kind import SETS, SETTINGS, TEMPLATE, written
from test_proofs import MIXTURE, model_of
from test_runs_latents import folder_of as dictionary_folder
from thorough import draws
from tiny_models import HIDDEN, LAYERS, make_tokenizer

from neuronclaims.cache.run_cache import context_key
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.engines.measure import measure, measure_each
from neuronclaims.kinds import templates
from neuronclaims.kinds.registry import kind_of
from neuronclaims.loading.settings import DEFAULTS, LoadSettings
from neuronclaims.measurements import Activations, Congruence, Measurement, Prediction, TokenRule
from neuronclaims.measurements.changing.attributions import Attribution
from neuronclaims.measurements.documents.layer_aurocs import LayerAurocs
from neuronclaims.measurements.errors import MeasurementError, ModelError
from neuronclaims.measurements.views.dictionary import latents_at
from neuronclaims.measurements.views.dictionary_folder import read_dictionary
from neuronclaims.models.bringing.offloaded import elsewhere
from neuronclaims.models.identity.fingerprint import fingerprint_loaded
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.devices.placing import Placing, check_blocks
from neuronclaims.models.running.loading import Ready, load
from neuronclaims.models.sources import LoadedModel, Source, open_model
from neuronclaims.pytest_session.load_settings import check_load

pytest.importorskip("accelerate")

MORE = """
  - {claim: 'ablating neuron 1:5 lowers continuations that contain "dog" in dogs', generate: {max_new_tokens: 3}}
  - 'ablating neuron 1:5 lowers entropy in dogs'
"""


def split(embedding: str = "cpu", head: str = "disk") -> dict[str, str]:
    """Half of the blocks on disk, and one of the embedding and the head."""
    blocks = {f"model.layers.{layer}": "cpu" if layer % 2 else "disk" for layer in range(LAYERS)}
    return {
        "model.embed_tokens": embedding,
        **blocks,
        "model.norm": "disk",
        "lm_head": head,
    }


def saved(kind: str, folder: Path, **settings: Any) -> Path:
    tokenizer = make_tokenizer("plain")
    tokenizer.chat_template = TEMPLATE
    model_of(kind, **SETTINGS.get(kind, {}), **settings).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def everything(folder: Path) -> list[Measurement]:
    """What the claims of every kind ask of the model beside them, and latents of a dictionary."""
    with patch.dict(SETS, {name: texts[:5] for name, texts in SETS.items()}):
        path = written(folder.parent, "dog")
    path.write_text(path.read_text() + MORE.lstrip("\n"))
    file = read_claim_file(path, templates())
    source = open_model(str(folder), Path("."))
    drawn = np.random.default_rng(0)
    tensors = {
        "W_enc": drawn.normal(size=(HIDDEN, 40)),
        "b_enc": np.zeros(40),
        "W_dec": drawn.normal(size=(40, HIDDEN)),
        "b_dec": np.zeros(HIDDEN),
    }
    tensors = {name: value.astype(np.float32) for name, value in tensors.items()}
    sae = read_dictionary(dictionary_folder(folder.parent / "sae", tensors, d_in=HIDDEN, d_sae=40))
    found: list[Measurement] = [
        Activations(latents_at("resid_post", 1, sae), 1, TokenRule("mean", "prompt"), tuple(SETS["dogs"]))
    ]
    says = Prediction(" dog", " cat")
    for layer in (0, 1):
        found += [
            Attribution(
                "mlp_post", layer, "mean", says, tuple(SETS["dogs"][:4]), reference=tuple(SETS["cats"][:2])
            ),
            LayerAurocs("mlp_post", layer, " dog", tuple(SETS["documents"])),
        ]
    for claim in file.claims:
        found += kind_of(claim.sentence).needs(claim, source.facts())
    return list(dict.fromkeys(found))


MODELS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "Llama": ({"tie_word_embeddings": False}, split()),
    "Qwen3": ({"tie_word_embeddings": False}, split("disk", "cpu")),
    "Gemma3Text": ({}, split("disk", "disk")),  # tied
}


@pytest.mark.parametrize("kind", draws(["Llama", "Gemma3Text"], [*MODELS]))
def test_every_measurement_of_a_model_that_is_split_is_that_of_the_whole(kind: str, tmp_path: Path) -> None:
    settings, places = MODELS[kind]
    folder = saved(kind, tmp_path / "model", **settings)
    asked = everything(folder)
    whole = measure(open_model(str(folder), Path(".")), asked)
    source = open_model(str(folder), Path("."), load=LoadSettings(device_map=places))
    offloaded: list[int] = []

    def spread(source: Source, options: RunOptions, tokenizer: Any) -> Ready:
        ready = load(source, options, tokenizer)
        offloaded.append(len(elsewhere(ready.model)))
        return ready

    parts = measure_each(source, asked, loads=spread)
    assert (len(asked) > 60, parts.failed) == (True, {})
    assert offloaded[0] > 10
    for each in asked:
        if whole[each].dtype.kind == "U":  # a vocabulary
            assert np.array_equal(parts[each], whole[each])
        else:
            assert np.allclose(parts[each], whole[each], rtol=0, atol=1e-6, equal_nan=True), each


NAMES = [f"model.layers.{layer}" for layer in range(LAYERS)]
ASKED = Activations("resid_post", 2, TokenRule("last", "prompt"), tuple(SETS["dogs"][:2]))


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved("Llama", tmp_path_factory.mktemp("maps") / "llama", tie_word_embeddings=False)


def source_of(folder: Path, **load: Any) -> Source:
    return open_model(str(folder), Path("."), load=LoadSettings(**load))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"device_map": "atuo"}, "device_map must be auto, balanced, sequential, or modules"),
        ({"device_map": {}}, "device_map must be auto"),
        (
            {"device_map": {"model": "gpu 1"}},
            "a device is a number (0 is the first GPU), cuda:N, mps, cpu or disk.",
        ),
        ({"device_map": {"model": True}}, "has True for 'model'"),
        ({"device_map": "auto", "max_memory": {"cpu": "20 GiBs"}}, "Did you mean 20GiB?"),
        ({"device_map": "auto", "max_memory": {"cpu": 20}}, "has 20 for cpu, which is no size with a unit"),
        ({"device_map": "auto", "max_memory": {"disk": "2GB"}}, "max_memory names 'disk'"),
        ({"device_map": "auto", "max_memory": "cpu"}, "max_memory must be devices with sizes"),
        ({"device_map": "auto", "device": "cpu"}, "device and device_map are both given"),
        ({"device_map": "auto", "offload_folder": " "}, "offload_folder must be a folder"),
    ],
)
def test_what_cannot_be_meant_is_one_error(given: dict[str, Any], says: str) -> None:
    with pytest.raises(MeasurementError) as caught:
        RunOptions(**given)
    assert says in str(caught.value)


def test_a_device_said_later_takes_the_place_of_a_map_and_the_other_way_round() -> None:
    file = LoadSettings("bfloat16", device_map="auto", max_memory={"0": "1GiB"}, offload_folder="x")
    assert LoadSettings(device="cpu").over(file) == LoadSettings("bfloat16", "cpu")
    way = RunOptions(device_map="model=cpu,lm_head=disk", max_memory="cpu=2GB").load
    assert way.over(LoadSettings(device="cuda")).over(DEFAULTS) == LoadSettings(
        "float32", None, "sdpa", {"model": "cpu", "lm_head": "disk"}, {"cpu": 2_000_000_000}
    )
    assert file.over(DEFAULTS).device is None
    assert (
        len({file, LoadSettings("bfloat16", device_map="auto", max_memory={0: 2**30}, offload_folder="x")})
        == 1
    )


def test_the_split_does_not_count_for_what_is_kept_and_the_sort_of_device_does(llama: Path) -> None:
    def key(**load: Any) -> str:
        source = source_of(llama, **load)
        return context_key(source, RunOptions(), source.fingerprint())

    assert key() == key(device_map=split()) == key(device_map="auto", max_memory={"cpu": "1MB"})
    on_gpu = key(device="cuda")
    assert on_gpu != key()
    for other in (
        {"device_map": {"model": 0, "lm_head": "cuda:1"}},
        {"device_map": {"model": 0, "lm_head": "disk"}},
        {"device_map": "balanced", "max_memory": {0: "1GiB", "cpu": "9GiB"}},
    ):
        assert key(**other) == on_gpu
    assert key(device_map="auto") == key(device="auto") not in (key(), on_gpu)


@pytest.mark.parametrize(
    ("load", "says"),
    [
        (
            {"device_map": {**split(), "model.layer.0": "cpu"}},
            "has no module 'model.layer.0', which its device_map names. Did you mean model.layers.0?",
        ),
        (
            {"device_map": {"model.embed_tokens": "cpu", **dict.fromkeys(NAMES[1:], "disk")}},
            "leaves out model.layers.0, model.norm, lm_head: give a device",
        ),
        (
            {"device_map": {"": "mps"}},
            "to run on mps, but this machine has none.*Name others in 'device_map'",
        ),
        ({"device_map": "auto", "max_memory": {7: "1GiB"}}, "to run on cuda:7.*Name others in 'max_memory'"),
        ({"device_map": split(), "offload_folder": __file__}, "cannot be put into the offload_folder"),
    ],
)
def test_what_is_not_there_is_one_error_before_weights_are_read(
    llama: Path, load: dict[str, Any], says: str
) -> None:
    with pytest.raises(ModelError, match=says):
        measure(source_of(llama, **load), [ASKED])


def test_a_map_without_accelerate_says_what_to_install(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neuronclaims.models.running.devices.placing.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"needs accelerate. Install it: pip install accelerate \(or"):
        measure(source_of(llama, device_map="auto"), [ASKED])


def test_folders_are_left_as_they_were_and_auto_goes_by_memory(llama: Path, tmp_path: Path) -> None:
    mine = tmp_path / "heap" / "index.json"
    mine.parent.mkdir()
    mine.write_text("mine")
    before = sorted(path.name for path in llama.iterdir())
    load = {"device_map": "auto", "max_memory": {"cpu": "30KB"}, "offload_folder": mine.parent}
    whole = measure(source_of(llama), [ASKED])[ASKED]
    assert np.abs(measure(source_of(llama, **load), [ASKED])[ASKED] - whole).max() <= 1e-6
    assert [path.name for path in mine.parent.iterdir()] == ["index.json"]
    assert (mine.read_text(), sorted(path.name for path in llama.iterdir())) == ("mine", before)


def spread_object(folder: Path, places: Mapping[str, str], heap: Path) -> Any:
    """A model that a user has spread by accelerate."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(
        folder, device_map=dict(places), offload_folder=str(heap)
    ).eval()


def test_an_object_on_disk_is_known_by_its_numbers_wherever_they_lie(llama: Path, tmp_path: Path) -> None:
    from accelerate import cpu_offload, disk_offload
    from transformers import AutoModelForCausalLM

    tokenizer = make_tokenizer("plain")

    def handed(model: Any) -> Source:
        return open_model("handed", Path("."), {"handed": LoadedModel(model, tokenizer)})

    plain = AutoModelForCausalLM.from_pretrained(llama).eval()
    known = handed(plain).fingerprint()
    on_disk = spread_object(llama, split(), tmp_path)
    on_cpu = cpu_offload(AutoModelForCausalLM.from_pretrained(llama).eval(), torch.device("cpu"))
    in_files = disk_offload(
        AutoModelForCausalLM.from_pretrained(llama).eval(), tmp_path / "own", torch.device("cpu")
    )
    for model in (on_disk, on_cpu, in_files):
        source = handed(model)
        assert len(elsewhere(model)) > 10
        assert source.fingerprint() == known
        assert known.unknown is None
        assert context_key(source, RunOptions(), known) == context_key(handed(plain), RunOptions(), known)
        assert np.abs(measure(source, [ASKED])[ASKED] - measure(handed(plain), [ASKED])[ASKED]).max() <= 1e-6
        assert source.fingerprint() == known  # also after it ran

    weights = {name: np.array(value) for name, value in load_file(llama / "model.safetensors").items()}
    weights["model.layers.2.mlp.down_proj.weight"][0, 0] += 1
    save_file(weights, llama / "model.safetensors", {"format": "pt"})
    assert handed(on_disk).fingerprint().weights != known.weights
    file = tmp_path / "own" / "model.layers.2.mlp.down_proj.weight.dat"
    file.write_bytes(file.read_bytes()[:-4] + b"\0\0\0\0")
    assert handed(in_files).fingerprint().weights != known.weights
    next(iter(elsewhere(on_cpu).values())).held["weight"].add_(1)
    assert handed(on_cpu).fingerprint().weights != known.weights


def test_hooks_that_are_not_accelerates_own_still_cannot_be_hashed(llama: Path, tmp_path: Path) -> None:
    from accelerate.hooks import ModelHook, add_hook_to_module

    class Doubling(ModelHook):  # type: ignore[misc]
        def post_forward(self, module: Any, output: Any) -> Any:
            return output * 2

    def unknown(change: Callable[[Any], object]) -> str | None:
        model = spread_object(llama, split(), tmp_path)
        change(model.model.layers[1].mlp)
        return fingerprint_loaded(model, make_tokenizer("plain")).unknown

    assert unknown(lambda mlp: None) is None
    assert unknown(lambda mlp: add_hook_to_module(mlp, Doubling())) is not None
    assert (
        unknown(lambda mlp: setattr(mlp._hf_hook, "post_forward", lambda module, output: output)) is not None
    )
    assert unknown(lambda mlp: setattr(mlp, "_old_forward", lambda values: values)) is not None


def test_what_a_neuron_writes_is_read_from_where_its_weights_lie(llama: Path, tmp_path: Path) -> None:
    wanted = Congruence(2, 5, None)
    spread = spread_object(llama, split(), tmp_path)
    source = open_model("handed", Path("."), {"handed": LoadedModel(spread, make_tokenizer("plain"))})
    assert np.array_equal(measure(source, [wanted])[wanted], measure(source_of(llama), [wanted])[wanted])


def test_experts_that_are_merged_while_loading_lie_in_a_folder_that_is_removed(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    mixture = {name: value for name, value in MIXTURE.items() if not name.startswith("shared")}
    folder = saved("Qwen3Moe", tmp_path / "model", **mixture, tie_word_embeddings=False)
    heap, written = tmp_path / "heap", list[int]()

    def spread(source: Source, options: RunOptions, tokenizer: Any) -> Ready:
        ready = load(source, options, tokenizer)
        written.extend(len(list(each.iterdir())) for each in heap.iterdir())
        return ready

    found = measure_each(source_of(folder, device_map=split(), offload_folder=heap), [ASKED], loads=spread)
    assert np.abs(found[ASKED] - measure(source_of(folder), [ASKED])[ASKED]).max() <= 1e-6
    assert written[0] > 0
    gc.collect()
    assert list(heap.iterdir()) == []

    plain = AutoModelForCausalLM.from_pretrained(folder).eval()
    on_disk = spread_object(folder, split(), tmp_path / "mine")
    known, tokenizer = fingerprint_loaded(plain, make_tokenizer("plain")), make_tokenizer("plain")
    assert fingerprint_loaded(on_disk, tokenizer) == known
    file = next((tmp_path / "mine").iterdir())
    file.write_bytes(file.read_bytes()[:-4] + b"\0\0\0\0")
    assert fingerprint_loaded(on_disk, tokenizer).weights != known.weights


def test_a_block_that_would_compute_on_two_devices_is_refused(llama: Path) -> None:
    from accelerate.hooks import AlignDevicesHook, add_hook_to_module

    block = load(source_of(llama), RunOptions()).blocks[1]
    check_blocks([block], "m")
    hook = AlignDevicesHook()
    add_hook_to_module(block.mlp.down_proj, hook)
    hook.execution_device = "cuda:1"
    with pytest.raises(ModelError, match="Block 0 of model 'm' would compute on cpu and cuda:1"):
        check_blocks([block], "m")


def test_an_adapter_is_not_put_on_a_base_that_lies_on_disk(llama: Path, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft")
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(llama)
    config = peft.LoraConfig(target_modules=["down_proj"], r=2, task_type="CAUSAL_LM")
    peft.get_peft_model(base, config).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="is an adapter, and parts of its base are offloaded"):
        measure(source_of(tmp_path, device_map=split()), [ASKED])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"claims_device_map": "atuo"}, "Did you mean auto?"),
        ({"claims_max_memory": "cpu=20"}, "Did you mean 20GiB?"),
        ({"claims_device_map": "auto", "claims_device": "cpu"}, "leave one of them out"),
    ],
)
def test_the_options_of_pytest_are_checked_before_anything_runs(given: dict[str, str], says: str) -> None:
    config: Any = SimpleNamespace(getoption=given.get, getini=lambda name: "")
    with pytest.raises(pytest.UsageError) as caught:
        check_load(config)
    assert says in str(caught.value)


def test_a_map_that_accelerate_finds_may_end_on_any_device(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 2)
    for how, fits in (
        (LoadSettings(device_map="auto", offload_folder=tmp_path), True),
        (LoadSettings(device_map="auto", max_memory={"cpu": "1GiB"}, offload_folder=tmp_path), True),
        (LoadSettings(device_map="auto", max_memory={0: "1GiB"}, offload_folder=tmp_path), False),
    ):
        placing = Placing.__new__(Placing)
        placing._how, placing._spec = how, "ours"  # devices that this machine may not have
        with placing.arguments():
            pass
        if fits:
            assert placing.placed(model) is model
        else:
            with pytest.raises(
                ModelError, match="would compute on cpu, though its device map speaks of cuda"
            ):
                placing.placed(model)
    assert list(tmp_path.iterdir()) == []
