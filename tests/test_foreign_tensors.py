"""Tensors of strangers' safetensors files: what is read, and what is refused with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from neuronclaims.foreign_files import ForeignFileError
from neuronclaims.foreign_files.tensors import read_tensors


def test_floating_point_numbers_of_every_width_are_read_and_anything_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    given = torch.tensor([[1.5, -2.0], [0.25, 3.0]])
    types = {"half": torch.float16, "brain": torch.bfloat16, "single": torch.float32, "double": torch.float64}
    odd = {
        "whole": torch.tensor([1, 2]),
        "endless": torch.tensor([1.0, float("inf")]),
        "large": torch.tensor([1e300], dtype=torch.float64),
    }
    save_file({name: given.to(kind) for name, kind in types.items()} | odd, path)
    for name in types:
        found = read_tensors(path, [name])[name]
        assert found.dtype == np.float32
        assert found.tolist() == given.tolist()
    for name, why in {
        "whole": "of the type I64",
        "endless": "not finite",
        "large": "too large",
        "none": "has no tensor 'none': it has 'brain', 'double', 'endless', 'half'",
    }.items():
        with pytest.raises(ForeignFileError, match=why):
            read_tensors(path, [name])
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ForeignFileError, match="not a safetensors file, or not all of it"):
        read_tensors(path, ["half"])
    with pytest.raises(ForeignFileError, match="not a regular file"):
        read_tensors(tmp_path, ["half"])
