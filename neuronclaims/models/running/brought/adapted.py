"""Put an adapter on a model with PEFT, and check that all of it has arrived."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from neuronclaims.measurements.errors import ModelError, told_as
from neuronclaims.models.bringing.adapters import Adapter, adapter_files


def adapted(model: Any, adapter: Adapter, spec: str) -> Any:
    """Return the model with an adapter inside its modules; raise ModelError where the two do not go together.

    The object is the model itself, not PEFT's wrapper: what an adapter of these kinds changes is in its modules.
    """
    from safetensors.torch import load_file

    _, weights = adapter_files(adapter.folder)
    with told_as(ModelError, f"The adapter of model {spec!r} does not go on {adapter.base}"):
        peft: Any = import_module("peft")
        wrapped = peft.PeftModel.from_pretrained(model, str(adapter.folder), is_trainable=False)
        tensors = load_file(weights)
        put = peft.set_peft_model_state_dict(wrapped, tensors, adapter_name="default")
    lacking = sorted(name for name in put.missing_keys if "default" in str(name).split("."))
    if lacking or put.unexpected_keys:
        odd = lacking or sorted(map(str, put.unexpected_keys))
        what = "are missing in" if lacking else "have no place in the model, of"
        raise ModelError(
            f"{len(odd)} tensors {what} the adapter of model {spec!r}, {odd[0]} first. It was made for another model "
            f"than {adapter.base}, or was not saved whole."
        )
    return wrapped.get_base_model().eval()
