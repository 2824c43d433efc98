"""A dozen architectures, chosen for how they differ, against plain hooks; ``make conformance`` does it for all.

What each can and cannot is what ``docs/architectures.md`` says, which the same code has made.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers
from architectures_page import Row, made_with, page, read, row_of
from examined import PROMPTS, USES, examine
from layouts import layout_of
from oracle import Oracle
from small_models import save
from zoo import ARCHITECTURES

from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.running import skeleton
from neuronclaims.models.sources import open_model
from neuronclaims.models.structure import finding

CHOSEN = (
    "gpt2",  # projections that are stored the other way round
    "llama",
    "opt",  # sees its batch flattened
    "roberta",  # counts its positions from behind the padding token
    "gemma3_text",  # norms before and after, heads that are not the residual width
    "cohere",  # attention and MLP side by side, logits scaled
    "phi3",  # fused projections
    "codegen",  # queries, values and keys in an order of its own
    "bloom",  # no rotation, queries, keys and values head by head
    "deepseek_v3",  # latent attention, one layer dense, the others mixtures
    "gpt_oss",  # experts with biases, no sdpa
    "qwen3_5_text",  # linear and full attention in turn
    "mamba",  # no attention
    "mllama",  # a model that sees, whose part for text is measured
    "t5",  # an encoder and a decoder
)


@pytest.fixture(scope="module", autouse=True)
def quiet() -> None:
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def find(name: str) -> Path:
        if name not in made:
            made[name] = save(name, tmp_path_factory.mktemp("zoo") / name)
        return made[name]

    return find


@pytest.mark.parametrize("name", CHOSEN)
def test_what_is_measured_is_what_plain_hooks_see_and_the_page_says_it(name: str, folder_of) -> None:
    oracle = Oracle(name, folder_of(name))
    assert oracle.disagreements(oracle.read(oracle.ids(PROMPTS[0]))) == []
    row, written = row_of(examine(name, folder_of(name), oracle)), read()[name]
    assert row.state != "WRONG", row.why
    if made_with() == transformers.__version__:
        assert (row.state, row.right, row.why) == (written.state, written.right, written.why)


WRONG = {
    "mlp_post": "mlp.up_proj>",  # another module
    "resid_mid": "input_layernorm<",  # another norm
    "mlp_out": "post_attention_layernorm>",  # what comes out of a norm
    "attn_out": "self_attn.q_proj<",  # another side
}


def test_a_wrong_module_a_wrong_norm_and_wrong_positions_are_seen(folder_of, monkeypatch) -> None:
    folder, layout = folder_of("llama"), dict(layout_of("llama") or {})
    layout.pop("formula")
    found = examine("llama", folder, Oracle("llama", folder, {**layout, **WRONG}))
    assert {site for site, finding in found.found.items() if finding.wrong} - {*USES} == {*WRONG}
    assert row_of(found).state == "WRONG"
    shifted = Oracle("llama", folder)
    ids = shifted.ids
    monkeypatch.setattr(shifted, "ids", lambda prompt: [0, *ids(prompt)])
    assert {"attn_out", "mlp_post", "resid_post"} <= {
        site for site, finding in examine("llama", folder, shifted).found.items() if finding.wrong
    }


def test_what_cannot_be_derived_is_one_sentence(folder_of, monkeypatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("expected input with shape [*, 96]")

    monkeypatch.setattr(finding, "_known", {})
    monkeypatch.setattr(finding, "_folders", [])
    monkeypatch.setattr(skeleton, "derive", fails)
    with pytest.raises(
        ModelError, match=r"sites of model .*\(mamba\) cannot be derived from its modules: expected input"
    ):
        open_model(str(folder_of("mamba")), Path("."))


def test_the_page_and_the_zoo_name_the_same_architectures_and_nothing_is_wrong() -> None:
    rows = read()
    assert tuple(rows) == ARCHITECTURES
    assert {row.state for row in rows.values()} <= {
        "measured",
        "partly",
        "refused",
        "not compared",
        "not built",
    }
    silent = [
        name for name, row in rows.items() if row.state in ("partly", "refused", "not built") and not row.why
    ]
    assert silent == []
    made = page({name: Row(name, "measured") for name in ARCHITECTURES})
    assert [line.split("`")[1] for line in made.splitlines() if line.startswith("| `")] == list(ARCHITECTURES)


def test_the_zoo_has_every_architecture_of_this_transformers() -> None:
    from transformers.models.auto import modeling_auto as auto

    if made_with() != transformers.__version__:
        pytest.skip(f"the page is that of Transformers {made_with()}")
    mappings = ("CAUSAL_LM", "MASKED_LM", "SEQ_TO_SEQ_CAUSAL_LM", "IMAGE_TEXT_TO_TEXT")
    every = {name for each in mappings for name in getattr(auto, f"MODEL_FOR_{each}_MAPPING_NAMES")}
    configured = transformers.CONFIG_MAPPING
    assert {name for name in every if configured[name].model_type == name} - set(ARCHITECTURES) == set()
