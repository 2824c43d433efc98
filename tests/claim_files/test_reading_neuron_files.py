"""Sets of neurons from files: tables, JSON, tensors, and the names that tools give neurons."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path

import pytest
from cases import for_each

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.sentences.field_types import MisreadError
from neuronclaims.sentences.subjects.neuron_sets import NeuronSet
from neuronclaims.sentences.subjects.spellings import spelled_neuron

FILE = """version: 1
models: [demo]
tokens: mean of prompt
SITE
neurons:
  german: ENTRY
sets:
  hanoi: [Hanoi is old., Tom flew to Hanoi.]
  baseline: [The fox jumps., We painted the kitchen.]
claims:
  - every neuron of german activates more for hanoi than baseline
"""


def _read(folder: Path, entry: str, site: str = "site: mlp_post") -> tuple[NeuronSet, str]:
    path = folder / "x.claims.yaml"
    path.write_text(FILE.replace("ENTRY", entry).replace("SITE", site), encoding="utf-8")
    claim = read_claim_file(path, templates()).claims[0]
    return claim.neuron_sets["german"], claim.settings.site


def _neurons(found: NeuronSet) -> list[str]:
    return [str(neuron) for neuron in found.neurons]


def _wrong(folder: Path, entry: str) -> str:
    with pytest.raises(ClaimFileError) as caught:
        _read(folder, entry)
    assert len(caught.value.problems) == 1, str(caught.value)
    return str(caught.value)


TABLE = "layer,neuron,language,score\n3,17,de,0.9\n3,18,fr,0.8\n4,2,de,0.7\n"


def test_a_table_gives_the_rows_asked_for_and_keeps_what_else_they_say(tmp_path) -> None:
    (tmp_path / "n.csv").write_text(TABLE)
    found, _ = _read(tmp_path, "{file: n.csv, where: {language: de}}")
    assert _neurons(found) == ["3:17", "4:2"]
    assert dict(found.labels[1]) == {"language": "de", "score": "0.7"}
    (tmp_path / "n.csv").write_text("block,unit\n3.0,17\n")
    assert _neurons(_read(tmp_path, "{file: n.csv, layer: block, neuron: unit}")[0]) == ["3:17"]


def test_names_of_transformer_lens_bring_their_site(tmp_path) -> None:
    found, site = _read(tmp_path, "[blocks.3.mlp.hook_post.17, 'blocks.4.mlp.hook_post[2]']", "")
    assert (_neurons(found), site) == (["3:17", "4:2"], "mlp_post")
    (tmp_path / "n.csv").write_text("name\nL3N17\nL4N2\n")
    assert _neurons(_read(tmp_path, "{file: n.csv}")[0]) == ["3:17", "4:2"]
    assert _read(tmp_path, "{neurons: [3:17], site: mlp_out}", "site: mlp_post")[1] == "mlp_out"


@for_each(
    "text, place, site",
    [
        ("L31N892", "31:892", None),
        ("l3.n7", "3:7", None),
        ("blocks.0.hook_resid_post.5", "0:5", "resid_post"),
        ("blocks.2.mlp.hook_pre:9", "2:9", "mlp_pre"),
        ("gpt2-small/6-mlp/123", "6:123", None),
    ],
)
def test_neurons_are_read_as_they_are_written_elsewhere(text, place, site) -> None:
    found = spelled_neuron(text)
    assert (str(found.neuron), found.site) == (place, site)


def test_a_latent_of_neuronpedia_is_no_neuron() -> None:
    with pytest.raises(MisreadError, match="latent of the dictionary 'res-jb'"):
        spelled_neuron("gpt2-small/6-res-jb/650")


@for_each(
    "content",
    [
        [[3, 17], [4, 2]],
        [{"layer": 3, "neuron": 17}, {"layer": 4, "neuron": 2}],
        ["L3N17", "4:2"],
        {"3": [17], "4": [2]},
        [{"layer": 3, "component": "mlp", "neurons": [17]}, {"layer": 4, "neurons": [2]}],
        [{"layer": 3, "neurons": [{"index": 17, "period": 2}]}, {"layer": 4, "neurons": [{"index": 2}]}],
    ],
)
def test_json_of_many_shapes(content, tmp_path) -> None:
    (tmp_path / "n.json").write_text(json.dumps(content))
    assert _neurons(_read(tmp_path, "{file: n.json}")[0]) == ["3:17", "4:2"]


def test_json_with_a_list_for_each_language(tmp_path) -> None:
    (tmp_path / "n.json").write_text(json.dumps({"de": [[3, 17]], "fr": [[4, 2]]}))
    assert _neurons(_read(tmp_path, "{file: n.json, language: fr}")[0]) == ["4:2"]
    assert "say with 'language' which one to take" in _wrong(tmp_path, "{file: n.json}")
    assert "no list 'fr2'" in (text := _wrong(tmp_path, "{file: n.json, language: fr2}"))
    assert "did you mean 'fr'?" in text


CAUSALAB = {
    "source": "Feucht et al. 2026",
    "how_read": "by eye",
    "status": "confirmed",
    "layer": 3,
    "component": "mlp_neuron_output",
    "indexing": "0-based index into the intermediate units",
    "neurons": [{"neuron": 17, "period": 2}, {"neuron": 9, "period": 50, "figure_8b_probe_period": 51}],
}


def test_neurons_of_causalab_bring_their_site_and_what_is_said_of_each(tmp_path) -> None:
    (tmp_path / "n.json").write_text(json.dumps(CAUSALAB))
    found, site = _read(tmp_path, "{file: n.json}", "")
    assert (_neurons(found), site) == (["3:17", "3:9"], "mlp_post")
    assert found.labels[1][:2] == (("period", "50"), ("figure_8b_probe_period", "51"))
    assert _neurons(_read(tmp_path, "{file: n.json, where: {period: 50}}")[0]) == ["3:9"]
    assert "give each site a set" in _wrong(tmp_path, "{file: n.json, site: mlp_out}")


def _lape(path: Path) -> None:
    torch = pytest.importorskip("torch")
    lists = [
        [torch.tensor([5], dtype=torch.int64), torch.tensor([], dtype=torch.int64)],
        [torch.tensor([7, 9], dtype=torch.int64), torch.arange(4)[2:3]],
    ]
    torch.save(lists, path)
    assert [[t.tolist() for t in one] for one in torch.load(path, weights_only=True)] == [
        [[5], []],
        [[7, 9], [2]],
    ]


def test_lists_of_tensors_are_those_that_torch_reads(tmp_path) -> None:
    _lape(tmp_path / "lape.pth")
    for chosen in ("language: 1", "language: de, languages: [en, de]"):
        found, _ = _read(tmp_path, f"{{file: lape.pth, {chosen}}}")
        assert _neurons(found) == ["0:7", "0:9", "1:2"]
    assert found.origin == "lape.pth, de"
    torch = pytest.importorskip("torch")
    torch.save(
        [torch.tensor([]), torch.tensor([3])], tmp_path / "empty.pth"
    )  # an empty tensor has the type of floats
    assert _neurons(_read(tmp_path, "{file: empty.pth}")[0]) == ["1:3"]
    torch.save([torch.tensor([3.0])], tmp_path / "floats.pth")
    assert "no whole numbers: save indices as tensors of torch.int64" in _wrong(
        tmp_path, "{file: floats.pth}"
    )
    assert "it holds 2 lists of layers" in _wrong(tmp_path, "{file: lape.pth}")
    assert "no list 'de': give their names" in _wrong(tmp_path, "{file: lape.pth, language: de}")


class _Evil:
    def __reduce__(self):
        return Path.touch, (Path("touched"),)


def test_nothing_in_a_file_of_tensors_is_run(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for protocol in (2, 4):
        with zipfile.ZipFile(tmp_path / "evil.pth", "w") as archive:
            archive.writestr("evil/data.pkl", pickle.dumps([_Evil()], protocol=protocol))
        assert "evil.pth cannot be read as lists of whole numbers" in _wrong(tmp_path, "{file: evil.pth}")
    assert not (tmp_path / "touched").exists()
    (tmp_path / "old.pth").write_bytes(pickle.dumps([1]))
    assert "save it again with torch.save" in _wrong(tmp_path, "{file: old.pth}")


WRONG = {
    "{file: m.csv}": "there is no file",
    "{file: n.txt}": "must end in",
    "{file: ../../../etc/n.csv}": "leads out of the project",
    "{file: n.csv, where: {lang: de}}": "no column 'lang'",
    "{file: n.csv, where: {language: dee}}": "fits 'where': 'language' holds 'de', 'fr'",
    "{file: n.csv, layer: block}": "no column 'block'",
    "{file: n.csv, neuron: score, where: {language: fr}}": "expected a neuron",
    "{file: n.csv, language: de}": "chosen with 'where'",
    "{file: n.csv, lyer: layer}": "did you mean 'layer'?",
    "{neurons: [3:17, blocks.3.mlp.hook_pre.4], site: mlp_post}": "give each site a set",
}


@for_each("entry, says", WRONG.items())
def test_each_mistake_is_one_error(entry, says, tmp_path) -> None:
    (tmp_path / "n.csv").write_text(TABLE)
    assert says in _wrong(tmp_path, entry)


def test_a_site_in_the_sentence_cannot_contradict_that_of_the_set(tmp_path) -> None:
    text = FILE.replace("ENTRY", "[blocks.3.mlp.hook_post.17]").replace("SITE", "site: resid_post")
    text = text.replace("- every", "- resid_post every")
    (tmp_path / "x.claims.yaml").write_text(text)
    with pytest.raises(ClaimFileError, match="what is named here lies at 'mlp_post'"):
        read_claim_file(tmp_path / "x.claims.yaml", templates())
