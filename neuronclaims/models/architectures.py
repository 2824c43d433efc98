"""The architectures that can be measured: one entry each, data alone.

An architecture says where its blocks are and where in a block every site is read. Paths of blocks start at the model's
body (``model.base_model``); paths of modules start at the block, the empty path being the block itself.

Every other architecture is derived from a model's modules (``models/structure``). What is here has its facts without
torch, and stands.

Other packages bring architectures through the entry-point group ``neuronclaims.architectures`` (an ``Architecture``)::

    [project.entry-points."neuronclaims.architectures"]
    some_model = "my_package.models:SOME_MODEL"

and sites of architectures that are known already through ``neuronclaims.sites`` (a dict from ``model_type`` to the
``HookPoint`` of the site that the entry is named after). What this package knows by itself, nobody redefines.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TypeAlias, TypeVar

from neuronclaims import sites
from neuronclaims.measurements.errors import RunWarning, first_line
from neuronclaims.models.structure.architecture import Architecture, HookPoint, OutputWeights, Part

ENTRY_POINTS = "neuronclaims.architectures"

Brought = TypeVar("Brought")


Heads: TypeAlias = tuple[HookPoint, HookPoint, HookPoint]
"""Where queries, keys and values are."""


def _sites(
    mlp_in: str,
    mlp_out: str,
    attn_out: str,
    heads: Heads,
    middle: HookPoint | None = None,
    final: HookPoint | None = None,
) -> Mapping[str, HookPoint]:
    """Name the sites of a block, in the order values pass them.

    Given are the input projection of its MLP (of a gated one, the gate's), the output projections of its MLP and of
    its attention, its queries, keys and values, the norm that stands between attention and MLP, and the final norm,
    where an architecture has these.
    """
    sites = {
        "resid_pre": HookPoint("", "input"),
        **dict(zip("qkv", heads, strict=True)),
        "attn_z": replace(heads[0], module=attn_out, side="input", part=None),
        "attn_out": HookPoint(attn_out, "output"),
        "resid_mid": middle,
        "mlp_pre": HookPoint(mlp_in, "output", "inner"),
        "mlp_post": HookPoint(mlp_out, "input", "inner"),
        "mlp_out": HookPoint(mlp_out, "output"),
        "resid_post": HookPoint("", "output"),
        "final_norm": final,
    }
    return {site: point for site, point in sites.items() if point is not None}


def _norm(module: str, setting: str = "", unsaid: bool = True, wanted: bool = True) -> HookPoint:
    """Name the norm whose input is the residual stream between attention and MLP, where they follow one another."""
    return HookPoint(module, "input", only_if=(setting, unsaid, wanted) if setting else None)


def _final(module: str, setting: str = "") -> HookPoint:
    return HookPoint(module, "output", where="body", only_if=(setting, True, True) if setting else None)


def _one_by_one(q: str, k: str, v: str, all_heads: str = "hidden", fewer: str = "hidden") -> Heads:
    """Name the projections of queries, keys and values, and what setting tells how wide they are."""
    return HookPoint(q, "output", all_heads), HookPoint(k, "output", fewer), HookPoint(v, "output", fewer)


def _thirds(module: str, groups: str | int = 1) -> Heads:
    """Name the projection that gives queries, keys and values together, all of them or, of ``groups``, by head."""
    q, k, v = (HookPoint(module, "output", part=Part(n, n + 1, 3, groups)) for n in range(3))
    return q, k, v


_LLAMA_HEADS = _one_by_one("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "heads", "groups")
_LLAMA_WEIGHTS = OutputWeights("mlp.down_proj.weight", "norm.weight", "embed_tokens.weight", "lm_head.weight")
_LLAMA_LIKE = _sites(
    "mlp.gate_proj",
    "mlp.down_proj",
    "self_attn.o_proj",
    _LLAMA_HEADS,
    _norm("post_attention_layernorm"),
    _final("norm"),
)

ARCHITECTURES: tuple[Architecture, ...] = (
    Architecture(
        "GPT-2",
        "gpt2",
        blocks="h",
        sites=_sites(
            "mlp.c_fc", "mlp.c_proj", "attn.c_proj", _thirds("attn.c_attn"), _norm("ln_2"), _final("ln_f")
        ),
        hidden="n_embd",
        inner="n_inner",
        layers="n_layer",
        context="n_positions",
        inner_default=True,
        weights=OutputWeights(
            "mlp.c_proj.weight", "ln_f.weight", "wte.weight", "lm_head.weight", by_neuron=True, centres=True
        ),
    ),
    Architecture("Llama", "llama", blocks="layers", sites=_LLAMA_LIKE, weights=_LLAMA_WEIGHTS),
    Architecture("Mistral", "mistral", blocks="layers", sites=_LLAMA_LIKE, weights=_LLAMA_WEIGHTS),
    Architecture("Qwen2", "qwen2", blocks="layers", sites=_LLAMA_LIKE, weights=_LLAMA_WEIGHTS),
    Architecture(
        "Gemma",
        "gemma",
        blocks="layers",
        sites=_LLAMA_LIKE,
        weights=replace(_LLAMA_WEIGHTS, norm_less_one=True),
    ),
    Architecture(
        "GPT-NeoX",
        "gpt_neox",
        blocks="layers",
        sites=_sites(
            "mlp.dense_h_to_4h",
            "mlp.dense_4h_to_h",
            "attention.dense",
            _thirds("attention.query_key_value", "num_attention_heads"),
            _norm("post_attention_layernorm", "use_parallel_residual", wanted=False),
            _final("final_layer_norm"),
        ),
        weights=OutputWeights(
            "mlp.dense_4h_to_h.weight",
            "final_layer_norm.weight",
            "embed_in.weight",
            "embed_out.weight",
            centres=True,
        ),
    ),
    Architecture(
        "OPT",
        "opt",
        blocks="decoder.layers",
        sites=_sites(
            "fc1",
            "fc2",
            "self_attn.out_proj",
            _one_by_one("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
            _norm("final_layer_norm", "do_layer_norm_before"),
            _final("decoder.final_layer_norm", "do_layer_norm_before"),
        ),
        inner="ffn_dim",
        weights=OutputWeights(
            "fc2.weight",
            "decoder.final_layer_norm.weight",
            "embed_tokens.weight",
            "lm_head.weight",
            centres=True,
        ),
    ),
    Architecture(
        "BERT",
        "bert",
        blocks="encoder.layer",
        sites=_sites(
            "intermediate.dense",
            "output.dense",
            "attention.output.dense",
            _one_by_one("attention.self.query", "attention.self.key", "attention.self.value"),
        ),
        causal=False,
    ),
)


@cache
def architectures() -> Mapping[str, Architecture]:
    """Return every architecture by its ``model_type``: our own, and those of other packages, with all their sites.

    An entry of another package that does not load, or is no such thing, is left out with a RunWarning.

    >>> architectures()["gpt2"].sites["mlp_post"].module
    'mlp.c_proj'
    """
    found = {each.model_type: each for each in ARCHITECTURES}
    for _, architecture in _brought(ENTRY_POINTS, Architecture):
        found.setdefault(architecture.model_type, architecture)
    for site, points in _brought(sites.ENTRY_POINTS, dict):
        for model_type in points.keys() & found.keys():
            known = found[model_type]
            if site not in known.sites:
                found[model_type] = replace(known, sites={**known.sites, site: points[model_type]})
    return found


def defined_elsewhere(architecture: Architecture) -> str:
    """Return what is not in this table of an architecture, as a text for content hashes; nothing where all of it is.

    That is what other packages say of it, or all of one that was derived.

    >>> defined_elsewhere(architectures()["gpt2"])
    ''
    """
    own = next((each for each in ARCHITECTURES if each.model_type == architecture.model_type), None)
    if own is None or architecture.derived is not None:
        return repr(architecture)
    added = {site: point for site, point in architecture.sites.items() if site not in own.sites}
    return repr(added) if added else ""


def _brought(group: str, kind: type[Brought]) -> Iterator[tuple[str, Brought]]:
    for entry in sorted(entry_points(group=group), key=lambda entry: (entry.name, entry.value)):
        try:
            value = entry.load()
        except Exception as error:  # a stranger's defect must not take our own models away
            _warn(entry, f"does not load: {first_line(error)}")
            continue
        if isinstance(value, kind):
            yield entry.name, value
        else:
            _warn(entry, f"is no {kind.__name__}")


def _warn(entry: EntryPoint, why: str) -> None:
    warnings.warn(
        f"{entry.value}, in the group {entry.group}, {why}; it is left out.", RunWarning, stacklevel=2
    )
