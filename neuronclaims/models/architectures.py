"""The architectures that can be measured: one entry each, data alone.

An architecture says where its blocks are and where in a block every site is read. Paths of blocks start at the model's
body (``model.base_model``); paths of modules start at the block, the empty path being the block itself.

Other packages bring architectures through the entry-point group ``neuronclaims.architectures`` (an ``Architecture``)::

    [project.entry-points."neuronclaims.architectures"]
    some_model = "my_package.models:SOME_MODEL"

and sites of architectures that are known already through ``neuronclaims.sites`` (a dict from ``model_type`` to the
``HookPoint`` of the site that the entry is named after). What this package knows by itself, nobody redefines.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, TypeVar

from neuronclaims import sites
from neuronclaims.measurements.errors import RunWarning, first_line

ENTRY_POINTS = "neuronclaims.architectures"

Brought = TypeVar("Brought")


@dataclass(frozen=True, slots=True)
class HookPoint:
    """Where a site is read and changed: the input or the output of one module of a block.

    ``width`` is ``hidden`` or ``inner`` for the widths of the residual stream and of the MLP, or else the setting of
    ``config.json`` that gives the number of neurons. ``where`` says of what ``module`` is a part: of every block or,
    once, of the model's body behind the last block. ``only_if`` is a setting of ``config.json``, its value where
    nothing is said, and the value that makes it a site.

    Raises ValueError for another ``side`` or ``where``.

    >>> HookPoint("mlp.c_proj", "inputs")
    Traceback (most recent call last):
        ...
    ValueError: a site is the input or output of its module, not 'inputs'
    """

    module: str
    side: Literal["input", "output"]
    width: str = "hidden"
    where: Literal["block", "body"] = "block"
    only_if: tuple[str, bool, bool] | None = None

    def __post_init__(self) -> None:
        if self.side not in ("input", "output"):
            raise ValueError(f"a site is the input or output of its module, not {self.side!r}")
        if self.where not in ("block", "body"):
            raise ValueError(f"a module is part of a block or of the body, not of {self.where!r}")

    def exists(self, config: Mapping[str, Any]) -> bool:
        """Return whether models of this configuration have the site."""
        if self.only_if is None:
            return True
        setting, unsaid, wanted = self.only_if
        return bool(config.get(setting, unsaid)) == wanted


@dataclass(frozen=True, slots=True)
class OutputWeights:
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
class Architecture:
    """One architecture: its name, the path to its blocks, its sites, and the keys of its ``config.json``.

    ``hidden``, ``inner``, ``layers`` and ``context`` are the keys of the residual width, the MLP width, the
    number of blocks and the most positions. A missing or null MLP width means four times the residual width
    where ``inner_default`` says so.

    One that is built like another is a copy of it, in a package of your own:

    >>> [llama] = [each for each in ARCHITECTURES if each.model_type == "llama"]
    >>> alike = replace(llama, name="Some Model", model_type="some_model")
    >>> alike.sites["mlp_post"]
    HookPoint(module='mlp.down_proj', side='input', width='inner', where='block', only_if=None)

    and one that is not names its sites itself:

    >>> own = Architecture(
    ...     "Other Model",
    ...     "other_model",
    ...     blocks="layers",
    ...     sites={"resid_post": HookPoint("", "output"), "mlp_post": HookPoint("mlp.fc2", "input", "inner")},
    ... )
    """

    name: str
    model_type: str
    blocks: str
    sites: Mapping[str, HookPoint]
    causal: bool = True
    hidden: str = "hidden_size"
    inner: str = "intermediate_size"
    layers: str = "num_hidden_layers"
    context: str = "max_position_embeddings"
    inner_default: bool = False
    weights: OutputWeights | None = None


def _sites(
    mlp_in: str, mlp_out: str, attn_out: str, middle: HookPoint | None = None, final: HookPoint | None = None
) -> Mapping[str, HookPoint]:
    """Name the sites of a block, in the order values pass them.

    Given are the input projection of its MLP (of a gated one, the gate's), the output projections of its MLP and of
    its attention, the norm that stands between the two, and the final norm, where an architecture has these.
    """
    sites = {
        "resid_pre": HookPoint("", "input"),
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


_LLAMA_WEIGHTS = OutputWeights("mlp.down_proj.weight", "norm.weight", "embed_tokens.weight", "lm_head.weight")
_LLAMA_LIKE = _sites(
    "mlp.gate_proj", "mlp.down_proj", "self_attn.o_proj", _norm("post_attention_layernorm"), _final("norm")
)

ARCHITECTURES: tuple[Architecture, ...] = (
    Architecture(
        "GPT-2",
        "gpt2",
        blocks="h",
        sites=_sites("mlp.c_fc", "mlp.c_proj", "attn.c_proj", _norm("ln_2"), _final("ln_f")),
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
        sites=_sites("intermediate.dense", "output.dense", "attention.output.dense"),
        causal=False,
    ),
)


@cache
def architectures() -> Mapping[str, Architecture]:
    """Return every architecture by its ``model_type``: our own, and those of other packages, with all their sites.

    An entry of another package that does not load, or is no such thing, is left out with a RunWarning.

    >>> architectures()["gpt2"].sites["mlp_post"]
    HookPoint(module='mlp.c_proj', side='input', width='inner', where='block', only_if=None)
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


def of_other_packages(architecture: Architecture) -> str:
    """Return what other packages say of an architecture, as a text for content hashes; nothing where it is our own.

    >>> of_other_packages(architectures()["gpt2"])
    ''
    """
    own = next((each for each in ARCHITECTURES if each.model_type == architecture.model_type), None)
    if own is None:
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
