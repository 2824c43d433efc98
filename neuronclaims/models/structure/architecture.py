"""What is known of one architecture, as plain data: where its blocks are, and where every site is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from neuronclaims.measurements.errors import MeasurementError


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what a module gives: pieces ``start`` to ``stop`` of ``of`` equal pieces.

    With more than one of ``groups``, the numbers are cut into so many equal stretches first, and the pieces of every
    stretch are taken. ``groups`` may be the setting of ``config.json`` that gives the number.

    >>> Part(1, 2, 3)  # the keys of queries, keys and values that one projection gives one after the other
    Part(start=1, stop=2, of=3, groups=1)
    """

    start: int
    stop: int
    of: int
    groups: int | str = 1


@dataclass(frozen=True, slots=True)
class HookPoint:
    """Where a site is read and changed: the input or the output of one module of a block.

    ``width`` is a number of neurons, or ``hidden``, ``inner``, ``heads`` or ``groups`` for the widths of the residual
    stream, of the MLP, of all heads together and of all keys together, or else the setting of ``config.json`` that
    gives the number. ``where`` says of what ``module`` is a part: of every block or, once, of the model's body behind
    the last block. ``only_if`` is a setting of ``config.json``, its value where nothing is said, and the value that
    makes it a site. ``part`` is the part of the module's numbers that is the site, if it is not all of them.

    Raises ValueError for another ``side`` or ``where``.

    >>> HookPoint("mlp.c_proj", "inputs")
    Traceback (most recent call last):
        ...
    ValueError: a site is the input or output of its module, not 'inputs'
    """

    module: str
    side: Literal["input", "output"]
    width: str | int = "hidden"
    where: Literal["block", "body"] = "block"
    only_if: tuple[str, bool, bool] | None = None
    part: Part | None = None

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
    ``added`` is the scale of a norm, of the final one's sort, that the MLP's output goes through before it is added.
    """

    out: str
    norm: str
    embed: str
    head: str
    by_neuron: bool = False
    centres: bool = False
    norm_less_one: bool = False
    added: str = ""


@dataclass(frozen=True, slots=True)
class Derived:
    """What a derived architecture knows in numbers, of one model, and how that model is loaded and run.

    ``sizes`` are its ``hidden``, ``layers`` and ``context``. ``elsewhere`` gives by site and layer the point of a layer
    that is built otherwise than most, or why that layer has no such site; ``refused`` says why a site is on no layer.
    ``loads_as`` is the class of Transformers that loads the model; ``attention`` is the implementation it must have,
    where it has no choice. ``body`` is the path from the model to its body, where ``base_model`` is another. Where
    ``shared``, the path to the blocks is that of one block, which is run for every layer.
    """

    sizes: Mapping[str, int]
    elsewhere: Mapping[str, Mapping[int, HookPoint | str]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    loads_as: str = "AutoModelForCausalLM"
    attention: str = ""
    body: str = ""
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Architecture:
    """One architecture: its name, the path to its blocks, its sites, and the keys of its ``config.json``.

    ``hidden``, ``inner``, ``layers`` and ``context`` are the keys of the residual width, the MLP width, the
    number of blocks and the most positions. A missing or null MLP width means four times the residual width
    where ``inner_default`` says so. ``derived`` is known where the architecture was derived from a model's modules.

    One that is built like another is a copy of it, in a package of your own:

    >>> from dataclasses import replace
    >>> from neuronclaims.models.architectures import ARCHITECTURES
    >>> [llama] = [each for each in ARCHITECTURES if each.model_type == "llama"]
    >>> alike = replace(llama, name="Some Model", model_type="some_model")
    >>> alike.sites["mlp_post"].module, alike.sites["mlp_post"].side
    ('mlp.down_proj', 'input')

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
    derived: Derived | None = None

    def point(self, site: str, layer: int) -> HookPoint:
        """Return where a site is read in a layer; raise MeasurementError where that layer has none."""
        found: HookPoint | str = self.sites[site]
        if self.derived is not None:
            found = self.derived.elsewhere.get(site, {}).get(layer, found)
        if isinstance(found, str):
            raise MeasurementError(f"Layer {layer} has no {site}: {found}")
        return found
