"""What is handed over instead of a folder: a model of Transformers, or a module of somebody's own. No torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.bringing.objects import check_tensors
from neuronclaims.models.bringing.own_tokenizers import EncodesText, tokenizer_of
from neuronclaims.models.structure.architecture import HookPoint

if TYPE_CHECKING:
    import torch
    from torch import nn

Forward: TypeAlias = "Callable[[nn.Module, torch.Tensor], torch.Tensor]"
"""Given a module and token ids [rows, tokens], returns logits [rows, tokens, vocabulary]."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A model object of Transformers with its tokenizer, handed over as they are (from ``conftest.py``).

    The model may be wrapped by PEFT, ``torch.compile``, nnsight or TransformerLens' bridge; where such a wrapper knows
    its tokenizer, none need be given.

    >>> from pathlib import Path
    >>> from neuronclaims.demo import MODEL_FOLDER
    >>> from neuronclaims.models.sources import open_model
    >>> from transformers import AutoModelForCausalLM, AutoTokenizer
    >>> model = AutoModelForCausalLM.from_pretrained(MODEL_FOLDER)
    >>> handed = LoadedModel(model, AutoTokenizer.from_pretrained(MODEL_FOLDER))
    >>> open_model("ours", Path("."), {"ours": handed}).facts().layers
    6
    """

    model: Any
    tokenizer: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class ModuleModel(LoadedModel):
    """A module of your own, no model of Transformers, with all that must be known to measure it.

    ``model`` is a causal ``torch.nn.Module``; ``blocks`` is the path to its list of blocks, ``context`` the most
    tokens of a text. The input and the output of a block are ``resid_pre`` and ``resid_post``. Other ``sites`` are
    said as ``PATH:input`` or ``PATH:output``, the path of a module from the block (for ``final_norm``: from the whole
    module).

    ``forward`` returns the logits of all positions; unless it is given, the module is called with the ids, and of a
    tuple the first is taken. ``tokenizer`` is one of Transformers, an object with ``encode`` and ``decode`` (as
    tiktoken has it), or a function from a text to ids, with ``decode`` from ids to a text beside it. A text ends at one
    of ``stops``.
    Texts are generated without a cache of keys and values, greedily or by sampling, as for any model.

    Raises ModelError, once it is opened, for what does not fit the module. It is run on three tokens to find out: every
    site must be there and be seen once, blocks must follow one another, and no position may see a later one.

    >>> import torch
    >>> from pathlib import Path
    >>> from neuronclaims.models.sources import open_model
    >>> block = lambda: torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))
    >>> blocks = torch.nn.Sequential(block(), block())
    >>> net = torch.nn.Sequential(torch.nn.Embedding(128, 4), blocks, torch.nn.Linear(4, 128))
    >>> letters = lambda text: [ord(letter) for letter in text]
    >>> ours = ModuleModel(net, letters, blocks="1", context=64, sites={"mlp_post": "2:input"})
    >>> dict(open_model("ours", Path("."), {"ours": ours}).facts().widths)
    {'resid_pre': 4, 'resid_post': 4, 'mlp_post': 16}
    """

    tokenizer: EncodesText | Callable[[str], Sequence[int]] | None = None
    blocks: str = ""
    context: int = 0
    sites: Mapping[str, str | HookPoint] = field(default_factory=dict)
    forward: Forward | None = None
    decode: Callable[[Sequence[int]], str] | None = None
    stops: Sequence[int] = ()
    _opened: list[tuple[Any, Any]] = field(default_factory=list, init=False, repr=False)

    def opened(self, spec: str) -> tuple[Any, Any]:
        """Return the module and the tokenizer as models of Transformers are used; the same ones each time.

        Raises ModelError for what does not fit the module.
        """
        if not self._opened:
            if not hasattr(self.model, "named_modules") or not callable(self.model):
                raise ModelError(
                    f"The module handed over for model {spec!r} is a {type(self.model).__name__}, not a "
                    "torch.nn.Module."
                )
            if not isinstance(self.context, int) or isinstance(self.context, bool) or self.context < 1:
                raise ModelError(
                    f"The context of model {spec!r} should be a positive whole number, not "
                    f"{repr(self.context)[:80]}: the most tokens of a text. Write ModuleModel(..., context=1024)."
                )
            check_tensors(self.model, spec)
            tokenizer = tokenizer_of(self.tokenizer, self.decode, spec)
            wrap: Any = import_module("neuronclaims.models.running.brought.probe").brought
            self._opened.append((wrap(self, spec), tokenizer))
        return self._opened[0]
