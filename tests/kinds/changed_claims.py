"""Claim files on models whose predictions are changed: a stand-in, and one in which one neuron writes a token."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.models.sources import LoadedModel
from neuronclaims.results import Result
from neuronclaims.study import Study

sys.path.insert(0, str(Path(__file__).parents[1] / "runs"))

FAKE_CONFIG = {
    "model_type": "gpt2",
    "n_layer": 2,
    "n_embd": 4,
    "n_head": 2,
    "n_positions": 64,
    "vocab_size": 9,
}


def claim_file(
    folder: Path, claim: str, head: str = "", config: dict = FAKE_CONFIG, model: str = "model"
) -> ClaimFile:
    """Write a model's configuration and a file with one claim, and read the file."""
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "config.json").write_text(json.dumps(config))
    (folder / "model" / "model.safetensors").write_bytes(b"")
    path = folder / "x.claims.yaml"
    if "sets:" not in head:
        head += "sets: {spare: [Some text, Other text]}\n"
    path.write_text(
        f"version: 1\nmodels: [{model}]\nsite: resid_post\ntokens: last of prompt\n{head}claims:\n  - {claim}\n"
    )
    return read_claim_file(path, templates())


def one_writer() -> LoadedModel:
    """A model of two layers in which neuron 0:3 fires on "dog" alone and writes "tree", 0:0 is dead, 0:1 constant.

    Attention does nothing, so the last word alone decides what is predicted: "dog" has direction 0, all other words
    share direction 1; "tree" is read from direction 4, into which 0:3 writes, and "river" from direction 5.
    """
    import torch
    from tiny_models import make_model, make_tokenizer

    model, tokenizer = make_model("gpt2", n_layer=2, n_embd=32, n_inner=8), make_tokenizer("plain")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        for name, parameter in model.named_parameters():
            if "ln_" in name and name.endswith("weight"):
                parameter.fill_(1.0)
        body = model.transformer
        ids = {word: tokenizer.convert_tokens_to_ids(word) for word in ("dog", "cat", "tree", "river")}
        body.wte.weight[:, 1], body.wte.weight[:, 2] = 1.0, -1.0
        body.wte.weight[ids["dog"]] = 0.0
        body.wte.weight[ids["dog"], 0], body.wte.weight[ids["dog"], 2] = 1.0, -1.0
        first = body.h[0].mlp
        first.c_fc.weight[0, 3] = 2.0
        first.c_fc.bias[1] = 1.0
        first.c_proj.weight[3, 4], first.c_proj.weight[3, 7] = 1.0, -1.0
        model.lm_head.weight[ids["tree"], 4] = 3.0
        model.lm_head.weight[ids["river"], 5] = 3.0
    return LoadedModel(model, tokenizer)


def judged_really(folder: Path, claim: str, head: str, model: LoadedModel) -> Result:
    """Put one claim to a model handed over."""
    file = claim_file(folder, claim, head, model="handed")
    [result] = Study(models={"handed": model}).judge(file, "handed").values()
    return result
