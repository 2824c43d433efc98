"""Folders of models, damaged: the values that Transformers itself gives for them, or one clear error."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import numpy as np

from fuzz.damage import bytes_damaged, json_damaged, replaced
from fuzz.trial import WrongError, check_message
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.engines.measure import measure
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.models.sources import open_model

PROMPTS = ("I like Hanoi", "The cat slept through the whole film")
WANTED = Activations("resid_post", 0, TokenRule("last", "prompt"), PROMPTS)
TEXTS = ("tokenizer.json", "tokenizer_config.json")


class ModelFolders:
    """A tiny GPT-2 and a tiny Llama, with the tokenizer of the demo model."""

    name: ClassVar[str] = "model folders"
    trials: ClassVar[int] = 400

    def prepare(self, folder: Path) -> None:
        """Make the models, with random weights."""
        import torch
        from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

        torch.manual_seed(0)
        words = json.loads((MODEL_FOLDER / "config.json").read_text(encoding="utf-8"))["vocab_size"]
        gpt2 = GPT2Config(vocab_size=words, n_positions=64, n_embd=16, n_layer=2, n_head=2)
        llama = LlamaConfig(
            vocab_size=words,
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=64,
        )
        for name, model in (("gpt2", GPT2LMHeadModel(gpt2)), ("llama", LlamaForCausalLM(llama))):
            model.save_pretrained(folder / name)
            for text in TEXTS:
                shutil.copy(MODEL_FOLDER / text, folder / name / text)

    def trial(self, folder: Path, seed: int) -> str:
        """Measure a damaged model."""
        rng = Random(f"model {seed}")
        model = folder / "model"
        shutil.copytree(folder / rng.choice(("gpt2", "llama")), model)
        _damage(model, rng)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                source = open_model("./model", folder)
                found = measure(source, [WANTED], cache=RunCache(folder / "cache"))[WANTED]
                _check(found, model)
        except NeuronClaimsError as error:
            check_message(str(error))
            return "refused"
        finally:
            shutil.rmtree(folder / "cache", ignore_errors=True)
            shutil.rmtree(model)
        return "measured as Transformers does"


def _check(found: Any, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    for row, prompt in zip(found, PROMPTS, strict=True):
        ids = tokenizer(prompt, padding=False, truncation=False)["input_ids"]
        last = max(place for place, token in enumerate(ids) if token not in special)
        with torch.inference_mode():
            states = model(torch.tensor([ids]), output_hidden_states=True).hidden_states[1]
        expected = states[0, last].numpy()
        if not np.allclose(row, expected, rtol=1e-3, atol=1e-4 * float(np.abs(expected).max())):
            raise WrongError(f"{row[:3]} where Transformers gives {expected[:3]}")


def _damage(folder: Path, rng: Random) -> None:
    names = sorted(path.name for path in folder.iterdir())
    draw = rng.random()
    if draw < 0.35:
        path = folder / "config.json"
        path.write_bytes(json_damaged(path.read_bytes(), rng))
    elif draw < 0.6:
        path = folder / rng.choice([name for name in names if name.endswith(".json")])
        path.write_bytes(json_damaged(path.read_bytes(), rng))
    elif draw < 0.75:
        path = folder / "model.safetensors"
        data = path.read_bytes()
        size = int.from_bytes(data[:8], "little")
        head = json_damaged(data[8 : 8 + size], rng)
        path.write_bytes(len(head).to_bytes(8, "little") + head + data[8 + size :])
    elif draw < 0.85:
        path = folder / "model.safetensors"
        path.write_bytes(bytes_damaged(path.read_bytes(), rng))
    else:
        replaced(folder / rng.choice(names), rng)
