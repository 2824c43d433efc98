"""The names by which the parts of a block are known, in the models of Transformers: plain data.

A name only suggests what a module does. Whether it does so is proven on each model before it is measured
(``models/running/proofs``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

ATTENTION = re.compile(
    r"attn|attention|self_att$|temporal_block|mixer|mamba|fourier|mlstm|slstm|conv$|short_conv"
)
"""Children of a block that mix positions."""


def mixes(name: str) -> bool:
    """Say whether a child of that name mixes positions: attention or what stands in its place, and no norm of it.

    >>> mixes("self_attn"), mixes("post_attention_layernorm")
    (True, False)
    """
    return bool(ATTENTION.search(name)) and (name == "norm_attn_norm" or not name.endswith("norm"))


ACROSS = re.compile(r"cross_?attn|crossattention|encoder_attn|encoder_decoder|enc_dec")
"""Attention to another text or to an image."""

NORM = re.compile(r"norm|^ln_?\w*$|LayerNorm|^layernorm")
"""Norms, by the name of the module; a class of norm is known by its own name."""

OUTPUTS = (
    "o_proj",
    "out_proj",
    "output.dense",
    "attention_out",
    "c_proj",
    "dense",
    "Wo",
    "wo",
    "out_lin",
    "output_projection",
    "post_proj",
    "linear_out",
    "output",
    "o",
)
"""Output projections of attention, the likelier first."""

ONE_OF_THREE: Mapping[str, tuple[str, ...]] = {
    "q": ("q_proj", "query", "query_proj", "q_lin", "Wq", "project_q", "q_head", "q"),
    "k": ("k_proj", "key", "key_proj", "k_lin", "Wk", "project_k", "k_head", "k"),
    "v": ("v_proj", "value", "value_proj", "v_lin", "Wv", "project_v", "v_head", "v"),
}
"""Projections of queries, of keys and of values."""

THREE_IN_ONE: Mapping[str, bool] = {
    "qkv_proj": False,
    "c_attn": False,
    "Wqkv": False,
    "qkv": False,
    "query_key_value": True,
    "in_proj": True,
}
"""Projections of queries, keys and values together, and whether they lie side by side for every head."""

CORRECTED: Mapping[str, Mapping[str, tuple[int, int, int, int]]] = {
    "codegen": {"q": (0, 1, 3, 4), "v": (1, 2, 3, 4), "k": (2, 3, 3, 4)},
}
"""By type of model and site: the part of a projection that is the site, where it is not what shapes suggest."""

WHOLE_MLP = re.compile(r"mlp|ffn|ff|feed_?forward|mlp_block|moe")
"""Children of a block that are its MLP, or the mixture in its place, and nothing else."""

GATES = re.compile(r"gate|^w_?1$|^wi_0$|^w_0$")
"""Of two projections into an MLP, the one that the non-linearity is given."""

ASIDE = re.compile(r"gate$|router|bottleneck|adapter|per_layer|altup|laurel|indexer|_gate\b|lora|embed")
"""Projections that are no MLP's output, whatever their shape."""

EXPERTS = re.compile(r"^(?:experts?|router|shared_experts?|shared_expert_gate|moe)$")
"""Children of a mixture of experts."""

MIDDLE = (
    "pre_feedforward_layernorm",
    "pre_mlp_layernorm",
    "pre_moe_layernorm",
    "pre_ff_layernorm",
    "channel_pre_norm",
    "feedforward_layernorm",
    "ffn.layernorm_before_ffn",
    "intermediate.LayerNorm",
    "mlp_norm",
    "ffn_norm",
    "norm_ffn",
    "norm_2",
    "norm2",
    "ln_2",
    "ln2",
    "layernorm2",
    "final_layer_norm",
    "post_attention_layernorm",
    "LayerNorm",
)
"""Norms that may stand between attention and MLP, the likelier first."""

AFTER_ATTENTION = ("post_self_attn_layernorm", "post_attention_layernorm")
AFTER_MLP = ("post_feedforward_layernorm", "post_mlp_layernorm")
"""Norms of what attention and MLP add, before it is added."""

FINAL = (
    "final_layernorm",
    "final_layer_norm",
    "final_norm",
    "norm_f",
    "ln_f",
    "ln_out",
    "norm",
    "layer_norm",
    "layernorm",
    "output_layernorm",
    "out_norm",
    "emb_layer_norm_after",
    "LayerNorm",
    "embedding_norm",
)
"""Norms behind the last block, the likelier first."""

CONTEXTS = (
    "max_position_embeddings",
    "n_positions",
    "n_ctx",
    "max_seq_len",
    "max_sequence_length",
    "context_length",
    "seq_length",
    "model_max_length",
)
"""Settings that give the most positions of a text."""

OTHER_SENSES = re.compile(
    r"vision|visual|audio|image|speech|video|tower|perceiver|resampler|connector|qformer|projector"
)
"""Paths of the parts of a model that see or hear."""

SHARED: Mapping[str, str] = {"albert": "encoder.albert_layer_groups.0.albert_layers.0"}
"""By type of model: the one block that is run for every layer."""

STREAMS = ("hc_mult", "hc_count", "altup_num_inputs")
"""Settings that give the number of streams, where a model has several in place of one residual stream."""

DECODERS_IF_SAID = ("bert-generation", "reformer")
"""Types that predict a next token only where their configuration says ``is_decoder``."""

EAGER: Mapping[str, str] = {"attn_logit_softcapping": "it caps the products of queries and keys"}
"""Settings that only the plain implementation of attention (``eager``) obeys."""

UNNAMED_CONTEXT = 1_000_000
"""The most positions of a text for models that name none: without positions of their own (state spaces, ALiBi)."""
