"""Load models and tokenizers with Transformers: quietly, offline, from safetensors, without foreign code."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import torch
import transformers
from transformers import AutoTokenizer

from neuronclaims.foreign_files import check_folder
from neuronclaims.measurements import ModelFacts
from neuronclaims.measurements.errors import ModelError, told_as
from neuronclaims.measurements.views.view import ViewedSite, base_of
from neuronclaims.models.bringing.configs import quantised_by, quantiser_of, rounds_activations
from neuronclaims.models.bringing.offloaded import device_of, elsewhere
from neuronclaims.models.named import loaded
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.brought.adapted import adapted
from neuronclaims.models.running.brought.completeness import check_complete, check_plausible
from neuronclaims.models.running.brought.module import BroughtModule
from neuronclaims.models.running.devices.here import check_device
from neuronclaims.models.running.devices.placing import Placing, check_blocks
from neuronclaims.models.running.views.running_view import RunningView
from neuronclaims.models.sources import LoadedModel, Source
from neuronclaims.models.structure.architecture import Architecture, HookPoint


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A model ready to be measured: ``body`` is the model without its head, ``blocks`` are in order.

    ``proven`` says of every site and layer that was looked at why it fails, or nothing; ``traits`` are what else
    was found of it; ``views`` are those of viewed sites that were made.
    """

    facts: ModelFacts
    architecture: Architecture
    context: int
    model: Any
    body: Any
    tokenizer: Any
    blocks: tuple[Any, ...]
    proven: dict[tuple[str, int], str] = field(default_factory=dict)
    traits: dict[str, bool] = field(default_factory=dict)
    views: dict[tuple[str, int], RunningView] = field(default_factory=dict)

    def point(self, site: str, layer: int) -> HookPoint:
        """Return where a site of a layer is read, its sizes in numbers; a viewed site is read at its base."""
        point = self.architecture.point(base_of(site), layer)
        if point.part is not None and isinstance(point.part.groups, str):
            groups = getattr(self.model.config, point.part.groups)
            return replace(point, part=replace(point.part, groups=groups))
        return point

    def view(self, site: ViewedSite, layer: int) -> RunningView:
        """Return what reads and writes a viewed site in a layer, made when it is first asked for."""
        if (site, layer) not in self.views:
            self.views[site, layer] = loaded(site.view.worker)(self, site.view, layer)
        return self.views[site, layer]

    def turn(self, layer: int) -> tuple[int, int]:
        """Return which run of its block a layer is, from 0, and of how many: several where a block is shared."""
        same = [other for other, block in enumerate(self.blocks) if block is self.blocks[layer]]
        return same.index(layer), len(same)

    def module(self, point: HookPoint, layer: int) -> Any:
        """Return the module a site is read from; the block itself where the hook point names none.

        Raises ModelError where the model has no such module, with those it has.
        """
        whole = self.blocks[layer] if point.where == "block" else self.body
        try:
            return whole.get_submodule(point.module) if point.module else whole
        except AttributeError:
            raise ModelError(
                f"{self.facts.name} is {self.architecture.name}, one of whose sites is at {point.module!r}, but a "
                f"{type(whole).__name__} of this model has no such module. {_children(whole, point.module)}"
            ) from None

    @property
    def rounds_as(self) -> torch.dtype:
        """The number type by which what it computes is rounded; bfloat16 stands for fewer bits than it has itself."""
        config = self.model.config.to_dict()
        found: torch.dtype = torch.bfloat16 if rounds_activations(config) else self.model.dtype
        return found

    @property
    def tuples(self) -> bool:
        """Whether blocks return tuples, as they do in versions of Transformers before 5."""
        if isinstance(self.model, BroughtModule):
            return self.model.blocks_give_tuples
        return int(transformers.__version__.split(".")[0]) < 5

    @property
    def device(self) -> torch.device:
        """Where the inputs of the model go: of one on several devices, to that of its embedding."""
        embedding = self.model.get_input_embeddings()
        device: torch.device | None = device_of(embedding) if isinstance(embedding, torch.nn.Module) else None
        return embedding.weight.device if device is None else device


def _children(whole: Any, path: str) -> str:
    """Say which modules there are where a path of modules comes to an end."""
    at: list[str] = []
    for name in path.split("."):
        if name not in dict(whole.named_children()):
            break
        whole, at = whole.get_submodule(name), [*at, name]
    names = ", ".join(name for name, _ in whole.named_children())
    return f"{'.'.join(at) or 'It'} has {names or 'none inside'}."


_SHARED = {"local_files_only": True, "trust_remote_code": False}
"""How everything is loaded: from this machine, and without code of its own."""


def load(source: Source, options: RunOptions, tokenizer: Any = None) -> Ready:
    """Return a source's model, ready, with its ``tokenizer`` if that was loaded before.

    Raises ModelError with the reason's first line if it does not load.
    """
    architecture, facts = source.architecture, source.facts()
    handed = source.loaded or _from_folder(
        source, architecture, options, load_tokenizer(source) if tokenizer is None else tokenizer
    )
    elsewhere = architecture.derived.body if architecture.derived is not None else ""
    body = handed.model.get_submodule(elsewhere) if elsewhere else handed.model.base_model
    try:
        found = body.get_submodule(architecture.blocks)
        shared = architecture.derived is not None and architecture.derived.shared
        blocks = (found,) * facts.layers if shared else tuple(found)
    except AttributeError:
        blocks = ()
    if len(blocks) != facts.layers:
        raise ModelError(
            f"Model {source.spec!r} says it is {architecture.name} with {facts.layers} layers, but {len(blocks)} "
            f"blocks are found at {architecture.blocks!r} of a {type(body).__name__}."
        )
    check_blocks(tuple(dict.fromkeys(blocks)), source.spec)
    return Ready(facts, architecture, source.context, handed.model, body, handed.tokenizer, blocks)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Transformers and accelerate while they load and encode, then restore their settings."""
    log: Any = transformers.utils.logging
    placing = logging.getLogger("accelerate")
    level = placing.level
    placing.setLevel(logging.ERROR)
    verbosity, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        placing.setLevel(level)
        log.set_verbosity(verbosity)
        if bars:
            log.enable_progress_bar()


def load_tokenizer(source: Source) -> Any:
    """Return a source's tokenizer, an object of Transformers; raise ModelError if it does not load."""
    if source.loaded is not None:
        return source.loaded.tokenizer
    assert source.tokenizer_folder is not None
    check_folder(source.tokenizer_folder)
    with (
        told_as(
            ModelError, f"The tokenizer of model {source.spec!r} does not load from {source.tokenizer_folder}"
        ),
        quiet(),
    ):
        return AutoTokenizer.from_pretrained(source.tokenizer_folder, **_SHARED)


def _from_folder(
    source: Source, architecture: Architecture, options: RunOptions, tokenizer: Any
) -> LoadedModel:
    derived = architecture.derived
    loads_as = "AutoModelForCausalLM" if architecture.causal else "AutoModel"
    kind: Any = getattr(transformers, derived.loads_as if derived is not None else loads_as)
    assert source.model_folder is not None
    check_folder(source.model_folder)
    how = source.loading(options)
    device = None if how.device is None else check_device(how.device, source.spec)
    quantised = "bitsandbytes" in quantised_by(source.config)  # such a model is not moved once it is loaded
    with told_as(ModelError, f"Model {source.spec!r} does not load from {source.model_folder}"), quiet():
        known = quantiser_of(source.config) is not None
        skeleton = check_plausible(source.model_folder, source.facts(), kind, known)
        placing = None if device is not None else Placing(how, skeleton, source.spec)
        own = {"device_map": {"": device}} if quantised else {}
        with nullcontext(own) if placing is None else placing.arguments() as places:
            model, notes = kind.from_pretrained(
                source.model_folder,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # so that we are told which they are: they are refused below
                attn_implementation=how.attention,
                **{_dtype_word(): getattr(torch, str(how.dtype))},
                **places,
                **_SHARED,
            )
        model = placing.placed(model) if placing is not None else model if quantised else model.to(device)
        model = model.eval()
    check_complete(source, architecture.causal, notes, str(model.base_model_prefix))
    if source.adapter is not None:
        if elsewhere(model):
            raise ModelError(
                f"Model {source.spec!r} is an adapter, and parts of its base are offloaded, where PEFT cannot put it: "
                "merge the adapter into the weights (merge_and_unload, then save_pretrained), or leave out device_map."
            )
        with quiet():
            model = adapted(model, source.adapter, source.spec)
    return LoadedModel(model, tokenizer)


def _dtype_word() -> str:
    major, minor = (int(part) for part in transformers.__version__.split(".")[:2])
    return "dtype" if (major, minor) >= (4, 56) else "torch_dtype"
