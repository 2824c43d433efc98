"""A model's folder that was changed under a warm cache gives what an empty cache gives, or is refused, each time."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cases import for_each
from test_stale_objects import READ, same, values
from tiny_models import make_model, make_tokenizer

from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.sources import open_model


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def weights_in_place(folder: Path) -> None:
    """Another number in the same file: its size and the time it was written stay as they were."""
    path = folder / "model.safetensors"
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[-2000:-1000] = bytes(1000)
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def weights(folder: Path) -> None:
    make_model("llama", seed=7).save_pretrained(folder)


def config(folder: Path) -> None:
    edit(folder / "config.json", rms_norm_eps=0.5)


def generation_config(folder: Path) -> None:
    (folder / "generation_config.json").write_text('{"eos_token_id": 5}', encoding="utf-8")


def tokenizer(folder: Path) -> None:
    text = (folder / "tokenizer.json").read_text(encoding="utf-8")
    (folder / "tokenizer.json").write_text(text.replace('"Hanoi"', '"hanoi"'), encoding="utf-8")


def tokenizer_config(folder: Path) -> None:
    edit(folder / "tokenizer_config.json", unk_token="<pad>")


def tokenizer_of_a_version(folder: Path) -> None:
    text = (folder / "tokenizer.json").read_text(encoding="utf-8")
    other = folder / "tokenizer.4.0.0.json"
    other.write_text(text.replace('"Hanoi"', '"hanoi"'), encoding="utf-8")
    edit(folder / "tokenizer_config.json", fast_tokenizer_files=[other.name, "tokenizer.json"])


def tokenizer_of_a_version_changed(folder: Path) -> None:
    other = folder / "tokenizer.4.0.0.json"
    other.write_text(other.read_text(encoding="utf-8").replace('"capital"', '"Capital"'), encoding="utf-8")


def added_tokens(folder: Path) -> None:
    tokenizer = make_tokenizer("bos")
    tokenizer.add_tokens(["dog ran"])
    tokenizer.save_pretrained(folder)


CHANGES = (
    *(weights_in_place, weights, config, generation_config, tokenizer, tokenizer_config),
    *(tokenizer_of_a_version, added_tokens),
)


@pytest.fixture
def model(folder_of, tmp_path) -> Callable[[str], Path]:
    """Give a copy of a tiny Llama's folder."""
    return lambda name: Path(shutil.copytree(folder_of("llama"), tmp_path / name))


@for_each("change", CHANGES)
def test_a_changed_folder_gives_what_an_empty_cache_gives(change, model, tmp_path) -> None:
    folder = model(change.__name__)
    there = tmp_path / f"cache-{change.__name__}"
    values(open_model(str(folder), Path(".")), there)
    change(folder)
    source = open_model(str(folder), Path("."))
    assert same(values(source, there), values(source, None))
    if change is tokenizer_of_a_version:
        tokenizer_of_a_version_changed(folder)
        source = open_model(str(folder), Path("."))
        assert same(values(source, there), values(source, None))


def test_these_changes_change_values(model) -> None:
    plain = values(open_model(str(model("plain")), Path(".")), None)
    alike = set()
    for change in CHANGES:
        folder = model(change.__name__)
        change(folder)
        if same(values(open_model(str(folder), Path(".")), None), plain):
            alike.add(change.__name__)
    assert alike <= {"generation_config", "tokenizer_config"}


def adapter(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}", encoding="utf-8")


def other_weights(folder: Path) -> None:
    edit(folder / "config.json", transformers_weights="other.safetensors")


def tokenizer_elsewhere(folder: Path) -> None:
    (folder / "sub").mkdir()
    shutil.copy(folder / "tokenizer.json", folder / "sub" / "tokenizer.4.0.0.json")
    edit(folder / "tokenizer_config.json", fast_tokenizer_files=["sub/tokenizer.4.0.0.json"])


REFUSED = (
    (adapter, "holds a model and an adapter"),
    (other_weights, "names other weights"),
    (tokenizer_elsewhere, "names a tokenizer in another folder"),
)


@for_each("change, says", REFUSED)
def test_what_leads_to_other_weights_is_refused(change, says, model) -> None:
    folder = model(change.__name__)
    change(folder)
    with pytest.raises(ModelError, match=says):
        open_model(str(folder), Path("."))


def test_tensors_that_the_config_leaves_no_place_for_are_an_error(model) -> None:
    fewer = model("fewer layers")
    edit(fewer / "config.json", num_hidden_layers=2)
    (said,) = values(open_model(str(fewer), Path(".")), None, READ)
    assert "there is no layer 2" in said
    from neuronclaims.engines.measure import measure
    from neuronclaims.measurements import Activations

    low = Activations("resid_post", 0, READ.tokens, READ.prompts)
    with pytest.raises(ModelError, match=r"holds 9 tensors that its config.json leaves no place for"):
        measure(open_model(str(fewer), Path(".")), [low])
    biased = model("biases")
    edit(biased / "config.json", mlp_bias=True, attention_bias=True)
    make_model("llama", mlp_bias=True, attention_bias=True).save_pretrained(biased)
    edit(biased / "config.json", mlp_bias=False)
    with pytest.raises(ModelError, match=r"leaves no place for, model.layers.0.mlp.down_proj.bias first"):
        measure(open_model(str(biased), Path(".")), [low])
    assert np.isfinite(values(open_model(str(model("whole")), Path(".")), None)).all()


def test_a_link_to_weights_that_leads_elsewhere_counts_though_all_times_are_equal(model, tmp_path) -> None:
    folder, files = model("linked"), [tmp_path / "one", tmp_path / "other"]
    shutil.copy(folder / "model.safetensors", files[0])
    weights(folder)
    shutil.move(folder / "model.safetensors", files[1])
    status = os.stat_result
    link = folder / "model.safetensors"
    link.symlink_to(files[0])
    memory = tmp_path / "memory"

    def same_times(self: Path, **options: bool) -> os.stat_result:
        found = os.stat(self, **options)
        return status((*found[:7], 1, 1, 1), {"st_mtime_ns": 1, "st_ctime_ns": 1, "st_atime_ns": 1})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "stat", same_times)
        before = open_model(str(folder), Path(".")).fingerprint(memory)
        link.unlink()
        link.symlink_to(files[1])
        after = open_model(str(folder), Path(".")).fingerprint(memory)
    assert after.weights != before.weights
