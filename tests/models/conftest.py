from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_models import make_model, make_tokenizer, save_model, style_of

from neuronclaims.models.sources import LoadedModel, Source, open_model


@pytest.fixture(autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give the folder of a tiny model, made on first use."""
    made: dict[str, Path] = {}

    def find(name: str) -> Path:
        if name not in made:
            made[name] = save_model(name, tmp_path_factory.mktemp("models") / name)
        return made[name]

    return find


@pytest.fixture(scope="session")
def source_of(folder_of: Callable[[str], Path]) -> Callable[[str], Source]:
    return lambda name: open_model(str(folder_of(name)), Path("."))


@pytest.fixture
def hand_over() -> Callable[..., Source]:
    """Give the source of a model object made on the spot, so that a test may break it."""

    def make(name: str, **changes: object) -> Source:
        handed = LoadedModel(make_model(name, **changes), make_tokenizer(style_of(name)))
        return open_model("handed", Path("."), {"handed": handed})

    return make


@pytest.fixture(scope="session")
def stories() -> Source:
    """A real trained model, where it is at hand."""
    folder = Path(__file__).parents[3] / "shared" / "models" / "stories260k"
    if not folder.is_dir():
        pytest.skip("../shared/models/stories260k is not here")
    return open_model(str(folder), Path("."))
