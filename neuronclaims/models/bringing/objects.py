"""Objects that are handed over: taken out of what others wrapped them in, and checked. No torch is imported for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.bringing.offloaded import elsewhere

_HOOKS = ("_forward_hooks", "_forward_pre_hooks")
_DEEPEST = 8
"""Wrappers within wrappers; more of them are a mistake."""


def unwrapped(model: Any, tokenizer: Any, spec: str) -> tuple[Any, Any]:
    """Return the model of Transformers inside an object, and the tokenizer; that of a wrapper where none is given.

    What is taken off: ``torch.compile``, data parallelism, PEFT (adapters stay inside the modules), nnsight, and the
    bridge of TransformerLens. Raises ModelError where the wrapper itself does something that would be lost, or holds no
    such model.
    """
    for _ in range(_DEEPEST):
        taken = next((take for known, take in _WRAPPERS if known(model)), None)
        if taken is None:
            break
        if tokenizer is None:
            tokenizer = getattr(model, "tokenizer", None)
        model = taken(model, spec)
    return model, tokenizer


def config_of(model: Any, tokenizer: Any, spec: str) -> Mapping[str, Any]:
    """Return the configuration of a model handed over; raise ModelError for what cannot be measured."""
    config: Any = getattr(model, "config", None)
    if not hasattr(config, "to_dict") or not hasattr(model, "base_model"):
        raise ModelError(
            f"The object handed over for model {spec!r} is a {type(model).__name__}, not a model of Transformers. Load "
            "it with AutoModelForCausalLM.from_pretrained, give its folder, or hand over a ModuleModel, which says "
            "where the blocks of a module of your own are (docs/models.md)."
        )
    if tokenizer is None:
        raise ModelError(
            f"No tokenizer is handed over for model {spec!r}. Write LoadedModel(model, tokenizer)."
        )
    if not callable(tokenizer):
        raise ModelError(
            f"The tokenizer handed over for model {spec!r} is a {type(tokenizer).__name__}. Load it with "
            "AutoTokenizer.from_pretrained."
        )
    check_tensors(model, spec)
    found = config.to_dict()
    if not isinstance(found, Mapping):
        raise ModelError(f"The configuration of the object handed over for model {spec!r} is no mapping.")
    return found


def check_tensors(model: Any, spec: str) -> None:
    """Raise ModelError for a module whose weights are nowhere, or are quantised."""
    kept = elsewhere(model)
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if tensor.is_meta and name not in kept:
            raise ModelError(
                f"The tensor {name} of the object handed over for model {spec!r} is not in memory, nor where "
                "accelerate keeps it: it was never loaded. Load the whole model (for nnsight: dispatch=True), or give "
                "its folder."
            )
    by_torch = any("quantized" in type(module).__module__.split(".") for module in model.modules())
    if by_torch or not all(parameter.is_floating_point() for parameter in model.parameters()):
        raise ModelError(
            f"The object handed over for model {spec!r} is quantised, which is measured from a folder alone. Give its "
            "folder, or load it in float32, float16 or bfloat16."
        )


def has_head(model: Any) -> bool:
    """Say whether a model predicts tokens: a body alone, or one with a classifier, does not."""
    return getattr(model, "get_output_embeddings", lambda: None)() is not None


def _is(package: str, *names: str) -> Callable[[Any], bool]:
    """Return what says whether an object is of one of some classes of a package, or of one made from them."""

    def known(model: Any) -> bool:
        kinds = [kind for kind in type(model).__mro__ if kind.__module__.split(".")[0] == package]
        return any(kind.__name__ in names for kind in kinds)

    return known


def _compiled(model: Any, spec: str) -> Any:
    _check_untouched(model, spec, "torch.compile")
    return model._orig_mod


def _parallel(model: Any, spec: str) -> Any:
    _check_untouched(model, spec, "its data parallelism")
    return model.module


def _of_peft(model: Any, spec: str) -> Any:
    """Return the model with the adapters in its modules; raise ModelError for adapters that work outside of them."""
    _check_untouched(model, spec, "PEFT")
    _check_untouched(getattr(model, "base_model", model), spec, "PEFT")
    active = getattr(model, "active_adapters", None) or [getattr(model, "active_adapter", None)]
    for name in active if isinstance(active, (list, tuple)) else [active]:
        config = model.peft_config.get(name)
        odd = getattr(config, "is_prompt_learning", False) or getattr(config, "alora_invocation_tokens", None)
        if odd or "XLORA" in str(getattr(config, "peft_type", "")):
            kind = getattr(config.peft_type, "value", config.peft_type)
            raise ModelError(
                f"The object handed over for model {spec!r} has an adapter of the kind {kind}, which works outside the "
                "model's modules and is not measured."
            )
    return model.get_base_model()


def _of_nnsight(model: Any, spec: str) -> Any:
    own = object.__getattribute__(model, "__dict__")
    if own.get("_edits"):
        raise ModelError(
            f"The object handed over for model {spec!r} has edits of nnsight, which only its own traces apply. Hand "
            "over the model without them."
        )
    inside = own.get("_module", own.get("_model"))
    if inside is None:
        raise ModelError(
            f"No model is found in the object of nnsight handed over for model {spec!r}. Hand over the model of "
            "Transformers that it was made from."
        )
    return inside


def _of_lens(model: Any, spec: str) -> Any:
    inside = getattr(model, "original_model", None)
    if inside is None or not hasattr(getattr(inside, "config", None), "to_dict"):
        raise ModelError(
            f"The object handed over for model {spec!r} is a {type(model).__name__}, in which there is no model of "
            "Transformers: TransformerLens keeps weights of its own there. Hand over the model of Transformers that it "
            "was made from, or a TransformerBridge of one."
        )
    return inside


def _check_untouched(wrapper: Any, spec: str, what: str) -> None:
    if any(getattr(wrapper, name, None) for name in _HOOKS):
        raise ModelError(
            f"The object handed over for model {spec!r} has a forward hook on what {what} wrapped it in, where it "
            "would not run. Put the hook on the model inside."
        )


_WRAPPERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, str], Any]], ...] = (
    (_is("torch", "OptimizedModule"), _compiled),
    (_is("torch", "DataParallel", "DistributedDataParallel"), _parallel),
    (_is("peft", "PeftModel", "PeftMixedModel"), _of_peft),
    (_is("nnsight", "Envoy", "NNsight"), _of_nnsight),
    (_is("transformer_lens", "TransformerBridge", "HookedTransformer", "HookedRootModule"), _of_lens),
)
"""Wrappers that are known, each with what takes the model out of it."""
