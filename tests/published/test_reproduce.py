"""``neuronclaims reproduce`` runs entries of the gallery from a clone or a package; the gallery's pages are current."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest
from shapes import save_random, texts_in

from neuronclaims.cli import main
from neuronclaims.gallery import entries as gallery
from neuronclaims.gallery.entries import GalleryError, gallery_entries, gallery_entry, gallery_folder

ROOT = Path(__file__).parents[2]
FILES = ROOT / "claims" / "published"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random GPT-2 with twelve narrow layers and all neurons of an MLP."""
    numbers = {"n_layer": 12, "n_embd": 8, "n_head": 2, "n_inner": 3072}
    return save_random(
        "GPT2", numbers, texts_in(FILES / "prompts"), tmp_path_factory.mktemp("model") / "gpt2"
    )


def test_entries_are_listed_with_their_sources(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce"]) == 0
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if line and line[0].islower()] == list(gallery_entries())
    assert "Lucia Quirke et al. 2023" in said
    assert "not run here: needs EleutherAI/pythia-70m (2026-11-29)" in said


def test_a_model_that_is_missing_is_told_in_one_sentence(here: Path, capsys) -> None:
    assert main(["reproduce", "german-neuron-pythia-70m"]) == 1
    found = capsys.readouterr()
    assert "Doubtful: " in found.out
    assert found.err == (
        "EleutherAI/pythia-70m is not on this machine; download it with 'hf download EleutherAI/pythia-70m' or name a "
        "folder that has it (--model EleutherAI/pythia-70m=FOLDER), or fetch it now (--download).\n"
    )


def test_nothing_is_fetched_unless_it_is_asked_for(here: Path, capsys, monkeypatch) -> None:
    import huggingface_hub

    asked = []

    def fetch(name: str, **_: object) -> str:
        asked.append(name)
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    assert main(["reproduce", "german-neuron-pythia-70m"]) == 1
    assert asked == []
    assert main(["reproduce", "german-neuron-pythia-70m", "--download"]) == 1
    assert asked == ["EleutherAI/pythia-70m"]
    assert "could not be downloaded: no network" in capsys.readouterr().err


def test_an_entry_runs_from_an_installed_package_with_the_reported_number_beside_ours(
    here: Path, model: Path, capsys, monkeypatch
) -> None:
    installed = here / "site-packages" / "neuronclaims" / "gallery" / "files"
    shutil.copytree(FILES, installed)
    monkeypatch.setattr(gallery, "PLACES", (installed,))
    entry = gallery_entry("entropy-neurons-gpt2")
    assert entry.is_relative_to(installed)
    text = entry.read_text(encoding="utf-8")
    told = "    reported: {value: 12.5, unit: nats, place: table 9}\n"
    claim = "    claim: neuron 11:2378 activates more for repeated than fresh\n"
    entry.write_text(text.replace(claim, claim + told), encoding="utf-8")
    code = main(["reproduce", entry.name.partition(".")[0], "--model", f"gpt2={model}", "-k", "repeats"])
    found = capsys.readouterr()
    assert code == 1, "a random model has no such neuron"
    said = " ".join(found.out.split())
    assert "active-where-a-text-repeats" in said
    assert "more-of-584" not in said
    assert "Reported: 12.5 nats (table 9). Found here: mean diff. " in said
    assert "Source: Alessandro Stolfo et al. 2024" in said


def test_a_file_of_the_users_own_stands_in_for_what_the_gallery_does_not_have(here: Path, capsys) -> None:
    name = "language-neurons-llama-2-7b"
    assert main(["reproduce", name]) == 1
    assert "--file NAME=FILE" in capsys.readouterr().err
    (here / "mine.pth").write_bytes(b"no list")
    assert main(["reproduce", name, "--file", "LLaMA-2-7B.neuron.pth=mine.pth"]) == 1
    assert "LLaMA-2-7B.neuron.pth" in capsys.readouterr().err
    for wrong, said in (
        ("mine.pth", "is no NAME=FILE"),
        ("../x=mine.pth", "is no NAME=FILE"),
        ("x=y", "no file y"),
    ):
        assert main(["reproduce", name, "--file", wrong]) == 1
        assert said in capsys.readouterr().err
    assert not list(FILES.rglob("*.pth"))


def test_an_entry_that_there_is_not_is_refused_with_what_may_be_meant(monkeypatch) -> None:
    with pytest.raises(GalleryError, match="Did you mean 'german-neuron-pythia-70m'"):
        gallery_entry("german")
    with pytest.raises(GalleryError, match="'neuronclaims reproduce' lists them"):
        gallery_entry("weather")
    monkeypatch.setattr(gallery, "PLACES", (Path("/nowhere"),))
    with pytest.raises(GalleryError, match="install neuronclaims anew"):
        gallery_folder()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
def test_a_wheel_has_the_gallery_where_it_is_looked_for() -> None:
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
    package = Path(gallery.__file__).parent
    assert package == ROOT / "neuronclaims" / "gallery"
    placed = {ROOT / source: ROOT / target for source, target in wheel["force-include"].items()}
    assert placed[FILES] == package / "files" == gallery.PLACES[0]
    assert not (package / "files").exists(), "in a clone the files are in one place"


def test_the_pages_of_the_gallery_are_current() -> None:
    place = ROOT / "docs" / "gallery_pages.py"
    spec = importlib.util.spec_from_file_location("gallery_pages", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.pages()
    assert {
        path: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "gallery").glob("*.md")
    } == made, "run: python docs/gallery_pages.py"
