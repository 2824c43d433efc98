"""The model families that can be measured: one entry each, data alone.

A family says where its blocks are and where in a block every site is read. Paths of blocks start at the
model's body (``model.base_model``); paths of modules start at the block, the empty path being the block
itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Tap:
    """Where a site is read: the input or the output of one module of a block; ``width`` names its size.

    ``where`` says of what ``module`` is a part: of every block or, once, of the model's body behind the last block.
    ``only_if`` is a setting of ``config.json``, its value where nothing is said, and the value that makes it a site.
    """

    module: str
    side: Literal["input", "output"]
    width: Literal["hidden", "inner"] = "hidden"
    where: Literal["block", "body"] = "block"
    only_if: tuple[str, bool, bool] | None = None

    def exists(self, config: Mapping[str, Any]) -> bool:
        """Return whether models of this configuration have the site."""
        if self.only_if is None:
            return True
        setting, unsaid, wanted = self.only_if
        return bool(config.get(setting, unsaid)) == wanted


@dataclass(frozen=True, slots=True)
class Weights:
    """The names of the tensors between a neuron of the MLP and the logits, as they end in a checkpoint.

    ``out`` is the MLP's output projection in a block, ``by_neuron`` whether its rows are neurons (Conv1D) and not its
    columns. ``norm`` is the scale of the final norm, stored less 1 where ``norm_less_one``, and ``centres`` whether
    that norm takes the mean away. ``head`` is the unembedding, which may be missing where it is tied to ``embed``.
    """

    out: str
    norm: str
    embed: str
    head: str
    by_neuron: bool = False
    centres: bool = False
    norm_less_one: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """One architecture: its name, its path to the blocks, its sites, and the keys of its ``config.json``.

    ``hidden``, ``inner``, ``layers`` and ``context`` are the keys of the residual width, the MLP width, the
    number of blocks and the most positions. A missing or null MLP width means four times the residual width
    where ``inner_default`` says so.
    """

    name: str
    model_type: str
    blocks: str
    sites: Mapping[str, Tap]
    causal: bool = True
    hidden: str = "hidden_size"
    inner: str = "intermediate_size"
    layers: str = "num_hidden_layers"
    context: str = "max_position_embeddings"
    inner_default: bool = False
    weights: Weights | None = None


def _sites(
    mlp_in: str, mlp_out: str, attn_out: str, middle: Tap | None = None, final: Tap | None = None
) -> Mapping[str, Tap]:
    """Name the sites of a block, in the order values pass them.

    Given are the input projection of its MLP (of a gated one, the gate's), the output projections of its MLP and of
    its attention, the norm that stands between the two, and the final norm, where a family has these.
    """
    sites = {
        "resid_pre": Tap("", "input"),
        "attn_out": Tap(attn_out, "output"),
        "resid_mid": middle,
        "mlp_pre": Tap(mlp_in, "output", "inner"),
        "mlp_post": Tap(mlp_out, "input", "inner"),
        "mlp_out": Tap(mlp_out, "output"),
        "resid_post": Tap("", "output"),
        "final_norm": final,
    }
    return {site: tap for site, tap in sites.items() if tap is not None}


def _norm(module: str, setting: str = "", unsaid: bool = True, wanted: bool = True) -> Tap:
    """Name the norm whose input is the residual stream between attention and MLP, where they follow one another."""
    return Tap(module, "input", only_if=(setting, unsaid, wanted) if setting else None)


def _final(module: str, setting: str = "") -> Tap:
    return Tap(module, "output", where="body", only_if=(setting, True, True) if setting else None)


_LLAMA_WEIGHTS = Weights("mlp.down_proj.weight", "norm.weight", "embed_tokens.weight", "lm_head.weight")
_LLAMA_LIKE = _sites(
    "mlp.gate_proj", "mlp.down_proj", "self_attn.o_proj", _norm("post_attention_layernorm"), _final("norm")
)

FAMILIES: tuple[Family, ...] = (
    Family(
        "GPT-2",
        "gpt2",
        blocks="h",
        sites=_sites("mlp.c_fc", "mlp.c_proj", "attn.c_proj", _norm("ln_2"), _final("ln_f")),
        hidden="n_embd",
        inner="n_inner",
        layers="n_layer",
        context="n_positions",
        inner_default=True,
        weights=Weights(
            "mlp.c_proj.weight", "ln_f.weight", "wte.weight", "lm_head.weight", by_neuron=True, centres=True
        ),
    ),
    Family("Llama", "llama", blocks="layers", sites=_LLAMA_LIKE, weights=_LLAMA_WEIGHTS),
    Family("Mistral", "mistral", blocks="layers", sites=_LLAMA_LIKE, weights=_LLAMA_WEIGHTS),
    Family("Qwen2", "qwen2", blocks="layers", sites=_LLAMA_LIKE, weights=_LLAMA_WEIGHTS),
    Family(
        "Gemma",
        "gemma",
        blocks="layers",
        sites=_LLAMA_LIKE,
        weights=replace(_LLAMA_WEIGHTS, norm_less_one=True),
    ),
    Family(
        "GPT-NeoX",
        "gpt_neox",
        blocks="layers",
        sites=_sites(
            "mlp.dense_h_to_4h",
            "mlp.dense_4h_to_h",
            "attention.dense",
            _norm("post_attention_layernorm", "use_parallel_residual", wanted=False),
            _final("final_layer_norm"),
        ),
        weights=Weights(
            "mlp.dense_4h_to_h.weight",
            "final_layer_norm.weight",
            "embed_in.weight",
            "embed_out.weight",
            centres=True,
        ),
    ),
    Family(
        "OPT",
        "opt",
        blocks="decoder.layers",
        sites=_sites(
            "fc1",
            "fc2",
            "self_attn.out_proj",
            _norm("final_layer_norm", "do_layer_norm_before"),
            _final("decoder.final_layer_norm", "do_layer_norm_before"),
        ),
        inner="ffn_dim",
        weights=Weights(
            "fc2.weight",
            "decoder.final_layer_norm.weight",
            "embed_tokens.weight",
            "lm_head.weight",
            centres=True,
        ),
    ),
    Family(
        "BERT",
        "bert",
        blocks="encoder.layer",
        sites=_sites("intermediate.dense", "output.dense", "attention.output.dense"),
        causal=False,
    ),
)

BY_MODEL_TYPE: Mapping[str, Family] = {family.model_type: family for family in FAMILIES}
