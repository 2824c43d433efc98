"""A hostile model breaks the claims that are put to it, and nothing else in the session."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from inner import session
from strangers import CONFIGS, HEADERS, TOKENIZERS, config, pattern
from tiny_models import save_model

GOOD = """\
version: 1
models: [demo]
site: mlp_post
tokens: mean of prompt
sets:
  hanoi: [I ate some pho in Hanoi., We took the night train from Hanoi to the sea., Hanoi is older than most capitals.,
          The streets of Hanoi are full of motorbikes., Her grandmother was born in Hanoi.]
  baseline: [She opened the window., The meeting starts at nine., He forgot his umbrella again.,
             We painted the kitchen on Sunday., The cat slept through the whole film.]
claims:
  - {id: one, claim: neuron 2:340 activates more for hanoi than baseline}
"""

CONFTEST = """\
import pytest, torch
from types import SimpleNamespace
from neuronclaims.models.sources import LoadedModel

class Hostile:
    def __getattr__(self, name):
        raise RuntimeError("no such thing as " + name)

class PanicException(BaseException):
    pass

class Panics:
    @property
    def config(self):
        raise PanicException("called `unwrap` on a None value")

@pytest.fixture(scope="session")
def claims_models():
    nano = torch.nn.Linear(2, 2)
    nano.config = SimpleNamespace(n_layer=3)
    return {
        "nano": LoadedModel(nano, str),
        "hostile": LoadedModel(Hostile(), Hostile()),
        "panics": LoadedModel(Panics(), str),
        "pair": (nano, nano),
        "number": 3,
        "text": "./no/such/folder",
    }
"""

SAID = {
    "~nosuchuser/x": "cannot be looked for",
    "x" * 300: "cannot be looked for",
    "./deep": "nested more than",
    "./digits": "5,000 digits",
    "./layers": "at most 10,000",
    "./pipe": "a pipe",
    "./sparse": "3,000 MB",
    "./header": "overlap",
    "./epsilon": "of neuron 1:3",
    "./bomb": "retry-limit-in-match",
    "nano": "not a model of Transformers",
    "hostile": "no such thing as config",
    "panics": "on a None value",
    "pair": "Write LoadedModel(model, tokenizer)",
    "number": "is a int, neither",
    "text": "names no folder",
}


def test_a_hostile_model_breaks_its_own_claims_alone(tmp_path: Path) -> None:
    whole = save_model("gpt2", tmp_path / "whole")
    harms = {
        "deep": CONFIGS["nested too deep"][0],
        "digits": CONFIGS["5,000 digits"][0],
        "layers": CONFIGS["a billion layers"][0],
        "pipe": CONFIGS["a pipe"][0],
        "sparse": TOKENIZERS["3 GB"][0],
        "header": HEADERS["offsets that overlap"][0],
        "epsilon": config(layer_norm_epsilon=float("nan")),
        "bomb": pattern("([a-zA-Z]+ ?)+[0-9]"),
    }
    for name, harm in harms.items():
        harm(shutil.copytree(whole, tmp_path / name))
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "agood.claims.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "zgood.claims.yaml").write_text(GOOD, encoding="utf-8")
    bad = GOOD.replace("[demo]", json.dumps(list(SAID))).replace("neuron 2:340", "neuron 1:3")
    (tmp_path / "bad.claims.yaml").write_text(bad, encoding="utf-8")
    done = session(tmp_path, "-rA", "--claims-report=.")
    told = done.stdout + done.stderr
    claims = json.loads((tmp_path / "claims.json").read_text(encoding="utf-8"))["claims"]
    good = [claim for claim in claims if claim["file"] != "bad.claims.yaml"]
    assert [claim["verdict"] for claim in good] == ["supported", "supported"]
    broken = [claim for claim in claims if claim["file"] == "bad.claims.yaml"]
    assert len(broken) == len(SAID)
    for claim, (name, says) in zip(broken, SAID.items(), strict=True):
        assert says in str(claim["error"]), (name, claim["error"])
    planned = session(tmp_path, "--claims-dry-run")
    for says in ("nested more than", "a pipe", "3,000 MB", "retry-limit-in-match", "its weights are here"):
        assert says in planned.stdout
    for text in (told, planned.stdout + planned.stderr):
        assert "Traceback" not in text
        assert "INTERNALERROR" not in text


def test_models_that_are_no_mapping_are_one_sentence_for_each_claim(tmp_path: Path) -> None:
    (tmp_path / "good.claims.yaml").write_text(GOOD, encoding="utf-8")
    fixture = "import pytest\n@pytest.fixture(scope='session')\ndef claims_models():\n    return [1]\n"
    (tmp_path / "conftest.py").write_text(fixture, encoding="utf-8")
    done = session(tmp_path)
    assert "claims_models in conftest.py returns a list" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "open_study" not in done.stdout
