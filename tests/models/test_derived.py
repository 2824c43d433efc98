"""What is derived from a model's modules before its weights are read, and kept so that the next run needs no torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from test_proofs import COMMON, model_of
from tiny_models import HIDDEN, INNER, LAYERS, make_tokenizer

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, ModelFacts, TokenRule
from neuronclaims.measurements.errors import MeasurementError, ModelError
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import Source, open_model
from neuronclaims.models.structure import finding

OPENED = """
import sys
from pathlib import Path
from neuronclaims.models.sources import open_model
from neuronclaims.models.structure.finding import keep_in
keep_in(Path(sys.argv[2]))
facts = open_model(sys.argv[1], Path("."), weights=False).facts()
print(facts.widths["mlp_post"], facts.layers, sorted({"torch", "transformers"} & sys.modules.keys()))
"""

DAMAGED = ("", "[]", '{"name": 3}', json.dumps({"derived": None, "weights": None, "sites": {}}))


def written(folder: Path, kind: str, **settings: Any) -> Source:
    """The source of a folder with a configuration alone: nothing of what is derived needs weights."""
    import transformers

    getattr(transformers, f"{kind}Config")(**(COMMON | settings)).save_pretrained(folder)
    return open_model(str(folder), Path("."), weights=False)


def facts_of(folder: Path, kind: str, **settings: Any) -> ModelFacts:
    return written(folder, kind, **settings).facts()


def test_what_was_derived_is_kept_and_read_without_torch_and_damage_is_derived_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "model", "Qwen3")
    kept = tmp_path / "kept"

    def opened() -> str:
        command = [sys.executable, "-c", OPENED, str(tmp_path / "model"), str(kept)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert opened() == f"{INNER} {LAYERS} ['torch', 'transformers']"
    assert opened() == f"{INNER} {LAYERS} []"
    (note,) = kept.glob("*.json")
    whole = note.read_text(encoding="utf-8")
    monkeypatch.setattr(finding, "_folders", [kept])
    for damage in DAMAGED:
        monkeypatch.setattr(finding, "_known", {})
        note.write_text(damage, encoding="utf-8")
        assert (
            open_model(str(tmp_path / "model"), Path("."), weights=False).facts().widths["mlp_post"] == INNER
        )
        assert note.read_text(encoding="utf-8") == whole


def test_layers_of_a_mixture_that_are_dense_have_an_mlp_and_the_others_say_why_not(tmp_path: Path) -> None:
    settings = {
        "num_experts": 4,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": 20,
        "mlp_only_layers": [0],
    }
    facts = facts_of(tmp_path, "Qwen3Moe", **settings)
    assert tuple(facts.layers_at("mlp_post")) == (0,)
    assert tuple(facts.layers_at("mlp_out")) == (0, 1, 2)
    facts.check_place("mlp_post", 0, INNER - 1)
    with pytest.raises(MeasurementError, match=r"Layer 2 of .* has no mlp_post: it is a mixture of experts"):
        facts.check_place("mlp_post", 2)


def test_widths_and_sandwiches_are_those_of_the_modules(tmp_path: Path) -> None:
    facts = facts_of(tmp_path / "a", "Gemma3Text", query_pre_attn_scalar=12)
    assert {
        site: facts.widths[site] for site in ("q", "k", "v", "attn_z", "attn_out_normed", "mlp_out_normed")
    } == {
        "q": 48,
        "k": 24,
        "v": 24,
        "attn_z": 48,
        "attn_out_normed": HIDDEN,
        "mlp_out_normed": HIDDEN,
    }
    parallel = facts_of(tmp_path / "b", "Cohere")
    assert "resid_mid" not in parallel.widths
    with pytest.raises(MeasurementError, match="attention and MLP do not follow one another"):
        parallel.check_place("resid_mid", 0)


def test_how_a_model_must_be_run_is_derived_and_said(tmp_path: Path) -> None:
    gemma = written(tmp_path / "a", "Gemma2", query_pre_attn_scalar=12)
    assert gemma.loading(RunOptions()).attention == "eager"
    assert any("attention 'eager'" in note for note in gemma.notes)
    assert written(tmp_path / "b", "Qwen3").loading(RunOptions()).attention == "sdpa"
    rope = {"rope_type": "longrope", "short_factor": [1.0] * 4, "long_factor": [2.0] * 4, "rope_theta": 1e4}
    long = written(
        tmp_path / "c",
        "Phi3",
        rope_parameters=rope | {"original_max_position_embeddings": 32},
        pad_token_id=None,
        original_max_position_embeddings=32,
        head_dim=8,
    )
    assert long.context == 32  # behind that, rotations depend on how long the text is
    assert (
        written(tmp_path / "d", "Roberta").context == 64 - 2
    )  # it counts from behind the padding token's number


def test_a_block_that_is_shared_is_measured_layer_by_layer(tmp_path: Path) -> None:
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.AlbertConfig(**(COMMON | {"embedding_size": 16}))
    model = transformers.AlbertModel(config).eval()
    model.save_pretrained(tmp_path)
    make_tokenizer("bert").save_pretrained(tmp_path)
    source = open_model(str(tmp_path), Path("."))
    prompt = "the old dog ran"
    asked = [
        Activations("resid_post", layer, TokenRule("last", "prompt"), (prompt,)) for layer in range(LAYERS)
    ]
    found = measure(source, asked)
    ids = torch.tensor([make_tokenizer("bert")(prompt)["input_ids"]])
    with torch.no_grad():
        states = model(ids, output_hidden_states=True).hidden_states
    for layer, question in enumerate(asked):
        torch.testing.assert_close(
            torch.tensor(found[question][0]), states[layer + 1][0, -2], rtol=1e-4, atol=1e-4
        )


def test_what_cannot_be_measured_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'t5', an encoder and a decoder"):
        written(tmp_path / "a", "T5")
    with pytest.raises(ModelError, match="several lists"):
        written(tmp_path / "b", "XLM", emb_dim=HIDDEN, n_layers=LAYERS, n_heads=4)
    huge = {**json.loads((written(tmp_path / "c", "Phi").model_folder / "config.json").read_text())}
    (tmp_path / "c" / "config.json").write_text(
        json.dumps(huge | {"num_hidden_layers": 10**6}), encoding="utf-8"
    )
    with pytest.raises(ModelError, match="at most 10,000 are taken for true"):
        open_model(str(tmp_path / "c"), Path("."), weights=False)
    (tmp_path / "c" / "config.json").write_text(json.dumps(huge | {"hidden_size": 10**12}), encoding="utf-8")
    with pytest.raises(ModelError, match="are taken for true"):
        open_model(str(tmp_path / "c"), Path("."), weights=False)


def test_an_object_is_looked_at_itself() -> None:
    """Two objects of one class may be built otherwise, and nothing of either is kept on disk."""
    from test_proofs import source_of

    before = len(finding._known)
    model = model_of("Qwen3")
    assert source_of(model).facts().layers == LAYERS
    assert len(finding._known) == before


def test_what_is_derived_is_kept_in_every_cache_that_needs_it(tmp_path, monkeypatch) -> None:
    config = written(tmp_path / "model", "Qwen3").config
    monkeypatch.setattr(finding, "_folders", [])
    for cache in ("one", "two"):
        finding.keep_in(tmp_path / cache)
        finding.derived_architecture(config, "model", tmp_path / "model")
        assert list((tmp_path / cache).glob("*.json")), cache
