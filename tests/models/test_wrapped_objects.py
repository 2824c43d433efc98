"""Objects of any class of Transformers, and what others wrap them in: measured as the model inside runs."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import _COMMON, WORDS, make_model, make_tokenizer, save_model

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import (
    AblationSweep,
    Activations,
    Congruence,
    Generation,
    Prediction,
    TokenRule,
)
from neuronclaims.measurements.errors import MeasurementError, ModelError
from neuronclaims.models.sources import LoadedModel, Source, open_model

TEXTS = ("the dog saw a small house", "she sat", "Hanoi was old and big")
STATE = Activations("resid_post", 1, TokenRule("last", "prompt"), TEXTS)
POST = Activations("mlp_post", 2, TokenRule("mean", "prompt"), TEXTS)
MADE = Activations("mlp_post", 1, TokenRule("mean", "generated"), TEXTS[:2], Generation(4))
SWEPT = AblationSweep("mlp_post", 1, "zero", Prediction(" dog"), TEXTS[:1])


def source_of(model: Any, tokenizer: Any = None, base: Path = Path(".")) -> Source:
    return open_model("ours", base, {"ours": LoadedModel(model, tokenizer)})


def values(model: Any, *asked: Any, tokenizer: Any = None) -> list[np.ndarray]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = measure(source_of(model, tokenizer or make_tokenizer("bos")), asked)
    return [found[each] for each in asked]


def states(model: Any, layer: int = 1) -> np.ndarray:
    """The last token's state behind a block, by the object's own plain call."""
    tokenizer = make_tokenizer("bos")
    with torch.no_grad():
        rows = [model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True) for text in TEXTS]
    return np.stack([row.hidden_states[layer + 1][0, -1].numpy() for row in rows])


WRAPPED = {
    "torch.compile": torch.compile,
    "twice": lambda model: torch.nn.DataParallel(torch.compile(model)),
}


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_a_wrapper_of_torch_changes_nothing(tmp_path, wrap) -> None:
    model, tokenizer = make_model("llama"), make_tokenizer("bos")
    asked = (STATE, POST, MADE, SWEPT)
    plain, found = values(model, *asked), values(wrap(model), *asked)
    for one, other in zip(plain, found, strict=True):
        np.testing.assert_array_equal(one, other)
    wrapped = source_of(wrap(model), tokenizer)
    assert wrapped.fingerprint() == source_of(model, tokenizer).fingerprint()
    assert wrapped.fingerprint().unknown is None
    cache, seen = RunCache(tmp_path), list[Any]()
    measure(source_of(model, tokenizer), [STATE], cache=cache)
    measure(wrapped, [STATE], cache=cache, progress=seen.append)
    assert seen[0].stage == "cached"
    handed = wrap(model)
    handed.register_forward_hook(lambda *_: None)
    with pytest.raises(ModelError, match="has a forward hook on what"):
        source_of(handed, tokenizer)


def test_compiled_parts_run_as_they_were_written() -> None:
    asked, plain = (STATE, SWEPT), values(make_model("llama"), STATE, SWEPT)

    def never(*_: Any) -> Any:
        raise AssertionError("it was compiled")

    whole, part, blocks = (make_model("llama") for _ in range(3))
    whole.compile(backend=never)
    part.model.layers[0] = torch.compile(part.model.layers[0], backend=never)
    for block in blocks.model.layers:
        block.compile(backend=never)
    for model in (whole, part, blocks):
        for one, other in zip(plain, values(model, *asked), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_body_alone_is_read_and_predicts_nothing() -> None:
    from transformers import AutoModelForSequenceClassification

    whole = make_model("llama")
    plain = values(whole, STATE, POST)
    for one, other in zip(plain, values(whole.model, STATE, POST), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    classifier = AutoModelForSequenceClassification.from_config(whole.config).eval()
    classifier.model.load_state_dict(whole.model.state_dict())
    np.testing.assert_allclose(values(classifier, STATE)[0], plain[0], atol=1e-6)
    for model in (whole.model, classifier):
        for asked in (MADE, SWEPT, Congruence(1, 0, None)):
            with pytest.raises(MeasurementError, match=r"no head|no unembedding"):
                values(model, asked)


def test_an_object_with_adapters_is_measured_with_them() -> None:
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj", "down_proj"])
    model = peft.get_peft_model(make_model("llama"), config).eval()
    plain = values(make_model("llama"), STATE)[0]
    np.testing.assert_allclose(values(model, STATE)[0], plain, atol=1e-6)  # B of a new LoRA is 0
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_()
    source = source_of(model, make_tokenizer("bos"))
    before = source.fingerprint()
    assert before.unknown is None
    found = values(model, STATE, MADE, SWEPT)
    np.testing.assert_allclose(found[0], states(model), atol=2e-5)
    assert np.abs(found[0] - plain).max() > 0.1
    with pytest.raises(ModelError, match="merge_and_unload"):
        values(model, Congruence(1, 0, None))
    with torch.no_grad():
        next(p for name, p in model.named_parameters() if "lora_A" in name).add_(1)
    assert source.fingerprint().weights != before.weights
    changed = source.fingerprint()
    model.base_model.disable_adapter_layers()
    assert source.fingerprint().weights not in (before.weights, changed.weights)
    np.testing.assert_allclose(values(model, STATE)[0], plain, atol=1e-6)
    tuned = peft.get_peft_model(
        make_model("llama"), peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2)
    )
    with pytest.raises(ModelError, match="PROMPT_TUNING, which works outside"):
        source_of(tuned, make_tokenizer("bos"))


def qwen3() -> Any:
    """A model whose architecture is in no table."""
    import transformers

    settings = _COMMON | {"num_key_value_heads": 2, "head_dim": 8}
    torch.manual_seed(0)
    config = transformers.Qwen3Config(vocab_size=len(WORDS) + 4, **settings)
    return transformers.AutoModelForCausalLM.from_config(config).eval()


def test_what_is_derived_of_an_adapted_model_is_what_is_derived_of_the_model() -> None:
    peft = pytest.importorskip("peft")
    sites = ("attn_z", "q", "mlp_pre", "mlp_post", "mlp_out", "resid_post")
    asked = [Activations(site, 1, TokenRule("last", "prompt"), TEXTS) for site in sites]
    config = peft.LoraConfig(target_modules=["q_proj", "o_proj", "gate_proj", "down_proj"])
    adapted = peft.get_peft_model(qwen3(), config).eval()
    for one, other in zip(values(qwen3(), *asked), values(adapted, *asked), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_model_of_nnsight_is_taken_out_and_left_as_it_was() -> None:
    nnsight = pytest.importorskip("nnsight")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = nnsight.LanguageModel(
            make_model("llama"), tokenizer=make_tokenizer("bos"), task="text-generation"
        )
    asked = (STATE, POST, MADE, SWEPT)
    own = {name: vars(module).get("forward") for name, module in model._module.named_modules()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = measure(source_of(model), asked)
    for one, each in zip(values(make_model("llama"), *asked), asked, strict=True):
        np.testing.assert_allclose(found[each], one, atol=1e-5)
    assert own == {name: vars(module).get("forward") for name, module in model._module.named_modules()}


def test_a_bridge_of_transformerlens_is_taken_out(tmp_path) -> None:
    bridges = pytest.importorskip("transformer_lens.model_bridge")
    from transformers import AutoTokenizer

    folder = save_model("llama", tmp_path / "llama")
    bridge = bridges.TransformerBridge.boot_transformers(
        str(folder),
        hf_model=make_model("llama"),
        tokenizer=AutoTokenizer.from_pretrained(folder),
        device="cpu",
    )
    tokenizer, asked = make_tokenizer("bos"), (STATE, POST, MADE, SWEPT)
    found = values(bridge, *asked, tokenizer=tokenizer)
    for one, other in zip(values(make_model("llama"), *asked), found, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_weights_of_transformerlens_alone_are_refused_with_what_to_hand_over() -> None:
    kind = type("HookedTransformer", (torch.nn.Module,), {"__module__": "transformer_lens.HookedTransformer"})
    with pytest.raises(
        ModelError, match=r"HookedTransformer, in which there is no model of Transformers.*Bridge"
    ):
        source_of(kind(), make_tokenizer("bos"))


def test_an_object_without_a_tokenizer_is_one_clear_error() -> None:
    with pytest.raises(ModelError, match=r"No tokenizer is handed over.*LoadedModel\(model, tokenizer\)"):
        source_of(make_model("llama"))
