"""Where the parts of a model go: device maps are checked on its modules, and handed to Transformers and accelerate."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from neuronclaims.loading.device_maps import by_accelerate
from neuronclaims.loading.settings import LoadSettings
from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.bringing.offloaded import computing_devices, sort_of_devices
from neuronclaims.models.running.devices.here import check_device

FOLDER = "neuronclaims-offload-"
"""How the names of folders begin in which weights lie for the time of a run."""


class Placing:
    """A device map of one model, checked on this machine; ``skeleton`` is the model without numbers.

    Raises ModelError where accelerate is not installed, and for devices and modules that are not there.
    """

    def __init__(self, how: LoadSettings, skeleton: Any, spec: str) -> None:
        self._how, self._spec = how, spec
        if find_spec("accelerate") is None:
            raise ModelError(
                f"Model {spec!r} is to lie on several devices, which needs accelerate. Install it: pip install "
                "accelerate (or pip install 'neuronclaims[big]')."
            )
        for device in dict.fromkeys([*(place for _, place in how.places), *(each for each, _ in how.memory)]):
            if device != "disk":
                check_device(device, spec, "device_map" if how.places else "max_memory")
        if how.places:
            _check_modules([module for module, _ in how.places], skeleton, spec)

    @contextmanager
    def arguments(self) -> Iterator[dict[str, Any]]:
        """Give what ``from_pretrained`` is called with; ``placed`` keeps the folder, which else goes at the end."""
        folder = _fresh_folder(self._how.offload_folder, self._spec)
        way = self._how.device_map
        try:
            yield {
                "device_map": way
                if isinstance(way, str)
                else {module: by_accelerate(device) for module, device in self._how.places},
                "offload_folder": str(folder),
                **(
                    {"max_memory": {by_accelerate(device): size for device, size in self._how.memory}}
                    if self._how.memory
                    else {}
                ),
            }
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._folder = folder

    def placed(self, model: Any) -> Any:
        """Return the model when it was loaded; its folder is removed with it, at the latest when Python ends.

        Raises ModelError where it computes on other devices than its cached values would be kept for.
        """
        if any(self._folder.iterdir()):
            weakref.finalize(model, shutil.rmtree, self._folder, ignore_errors=True)
        else:  # all that is on disk is read from the model's own files
            self._folder.rmdir()
        found, said = sort_of_devices(model), self._how.computes_on
        if said not in ("auto", found):
            raise ModelError(
                f"Model {self._spec!r} would compute on {found}, though its device map speaks of {said}: max_memory "
                f"leaves no room for a block there. Give it more, or leave {said} out of max_memory."
            )
        return model


def check_blocks(blocks: Sequence[Any], spec: str) -> None:
    """Raise ModelError for a block that computes on two devices: what it adds to a state would lie elsewhere."""
    for layer, block in enumerate(blocks):
        devices = sorted(map(str, computing_devices(block)))
        if len(devices) > 1:
            raise ModelError(
                f"Block {layer} of model {spec!r} would compute on {' and '.join(devices)}. Give every block to one "
                "device by a device_map that names whole blocks; parts of a block may lie on disk."
            )


def _fresh_folder(parent: object, spec: str) -> Path:
    """Return a new, empty folder: files of others are never written over."""
    try:
        if parent is not None:
            Path(str(parent)).mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=FOLDER, dir=None if parent is None else str(parent)))
    except OSError as error:
        raise ModelError(
            f"Weights of model {spec!r} cannot be put into the offload_folder {parent}: {error.strerror or error}. "
            "Name a folder that can be written to, or none."
        ) from None


def _check_modules(named: Sequence[str], skeleton: Any, spec: str) -> None:
    """Raise ModelError for modules that the model does not have, and for tensors of which no module is named."""
    modules = [name for name, _ in skeleton.named_modules() if name]
    tensors = [name for name, _ in (*skeleton.named_parameters(), *skeleton.named_buffers())]
    for name in named:
        if name and name not in modules and name not in tensors:
            near = get_close_matches(name, modules, n=1, cutoff=0.5)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ModelError(f"Model {spec!r} has no module {name!r}, which its device_map names.{hint}")
    left = [
        tensor
        for tensor in skeleton.state_dict()  # what is not saved follows its inputs
        if not any(not n or tensor == n or tensor.startswith(f"{n}.") for n in named)
    ]
    if left:
        lacking = dict.fromkeys(_shortest(tensor, named) for tensor in left)
        shown = ", ".join([*lacking][:6]) + (f" and {len(lacking) - 6} more" if len(lacking) > 6 else "")
        raise ModelError(
            f"The device_map of model {spec!r} leaves out {shown}: give a device to each of them, or to what they are "
            "in ('' is the whole model)."
        )


def _shortest(tensor: str, named: Sequence[str]) -> str:
    """Return the shortest path to a tensor that holds no module that is named."""
    parts = tensor.split(".")[:-1] or [tensor]
    for length in range(1, len(parts)):
        path = ".".join(parts[:length])
        if not any(name.startswith(f"{path}.") for name in named):
            return path
    return ".".join(parts)
