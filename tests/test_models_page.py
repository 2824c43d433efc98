"""What docs/models.md shows works as it says: its blocks are run as they stand."""

from __future__ import annotations

import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import nano_gpt
import torch
import yaml
from forked import run_pytest

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.kinds import templates

ROOT = Path(__file__).parents[1]
SECTIONS = dict(
    re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", (ROOT / "docs" / "models.md").read_text(), re.M | re.S)
)
CLAIMS = """
version: 1
{models}
site: mlp_post
tokens: mean of prompt
sets:
  one: [the dog ran, a dog sat, the dog is old, dogs ran]
  other: [a red house, the house is far, houses, old houses]
claims:
  - claim: neuron 1:5 activates more for one than other
    expect: inconclusive
"""


def block(section: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", SECTIONS[section], re.S)
    assert found is not None, section
    return found[1]


def function(section: str, name: str) -> str:
    """The fixture that a section shows, as a plain function of another name."""
    shown = block(section, "python").replace('@pytest.fixture(scope="session")\n', "")
    assert "def claims_models():" in shown
    return shown.replace("def claims_models():", f"def {name}():")


def test_every_sort_of_model_shown_is_measured(tmp_path: Path) -> None:
    mine, commit = tmp_path / "models" / "mine", "0123456789abcdef0123456789abcdef01234567"
    shutil.copytree(MODEL_FOLDER, mine)
    home = tmp_path / "hub" / "models--org--model"
    (home / "snapshots").mkdir(parents=True)
    (home / "snapshots" / commit).symlink_to(mine)
    for name in ("main", "step3000", "refs/pr/1"):
        (home / "refs" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / "refs" / name).write_text(commit)
    shutil.copy(nano_gpt.__file__, tmp_path / "nano_gpt.py")
    torch.save(nano_gpt.make_gpt().state_dict(), tmp_path / "ckpt.pt")
    conftest = [function("An object", "an_object"), function("A module of your own", "a_module")]
    handed = (
        "\n\n@pytest.fixture(scope='session')\ndef claims_models():\n    return an_object() | a_module()\n"
    )
    (tmp_path / "conftest.py").write_text("\n".join(conftest) + handed)
    sections = ["A folder", "A hub id", *(["An adapter"] if find_spec("peft") else [])]
    named = [name for each in sections for name in yaml.safe_load(block(each, "yaml"))["models"]]
    if find_spec("peft"):
        save_adapter(mine)
    (tmp_path / "pytest.ini").touch()
    models = yaml.safe_dump({"models": [*named, "ours", "lab"]})
    (tmp_path / "x.claims.yaml").write_text(CLAIMS.format(models=models))
    paths = os.pathsep.join([str(tmp_path), str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = run_pytest(
        tmp_path,
        ["-rA", "-p", "no:cacheprovider", "-p", "no:xdist", "x.claims.yaml"],
        {**os.environ, "PYTHONPATH": paths, "HF_HUB_CACHE": str(tmp_path / "hub")},
    )
    names = ["mine", "model", "model@step3000", "model@pr-1", "ours", "lab"]
    for name in names + (["mine-lora"] if find_spec("peft") else []):
        assert f"x.claims.yaml on {name}  1 inconclusive" in done.stdout, done.stdout
    assert done.returncode == 0
    # Of those handed over, the module alone has code that no hash can hold.
    kept = done.stdout.partition("warnings summary")[2]
    assert "What lab gives is measured and not kept" in kept
    assert "What ours gives" not in kept


def save_adapter(base: Path) -> None:
    import peft
    from transformers import AutoModelForCausalLM

    config = peft.LoraConfig(target_modules=["c_proj"], fan_in_fan_out=True, task_type="CAUSAL_LM")
    model = peft.get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    model.save_pretrained(base.parent / "mine-lora")


def test_the_load_block_shown_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.claims.yaml").write_text(
        CLAIMS.format(models="models: [org/model]\n" + block("Number type, device, attention", "yaml"))
    )
    file = read_claim_file(tmp_path / "x.claims.yaml", templates())
    assert file.load.of("org/model").attention == "eager"
