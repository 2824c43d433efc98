"""A run that would give wrong numbers gives none: each check sees a model broken on purpose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, Generation, TokenRule
from neuronclaims.measurements.activations import Pooled
from neuronclaims.measurements.errors import IntegrityError, MeasurementError
from neuronclaims.models.sources import Source

PROMPTS = ("the old dog ran to the river", "she sat", "Hanoi is the capital of Vietnam")
READ = Activations("mlp_post", 1, TokenRule("mean", "prompt"), PROMPTS)
WRITE = Activations("resid_post", 1, TokenRule("mean", "generated"), PROMPTS, Generation(4))


unguarded = pytest.mark.usefixtures("without_proofs")


def refused(source: Source, question: Activations, cache: Path, says: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        measure(source, [question], cache=RunCache(cache))
    assert says in str(caught.value)
    assert "nothing of this run is kept" in str(caught.value)
    assert not list(cache.rglob("*.safetensors"))


def test_positions_that_ignore_left_padding_are_found_out(hand_over, tmp_path: Path) -> None:
    source = hand_over("gpt2")
    body = source.loaded.model.base_model
    right = body.forward

    def wrong(position_ids=None, **arguments):
        past = arguments.get("past_key_values")
        start = past.get_seq_length() if past is not None else 0
        end = start + arguments["input_ids"].shape[1]
        return right(position_ids=torch.arange(start, end).unsqueeze(0), **arguments)

    body.forward = wrong
    refused(source, WRITE, tmp_path, "when it is run alone")


def test_attention_to_padding_is_found_out(hand_over, tmp_path: Path) -> None:
    source = hand_over("bert")
    body = source.loaded.model
    right = body.forward
    body.forward = lambda attention_mask=None, **arguments: right(**arguments)
    refused(source, READ, tmp_path, "in a batch, but")


HALF = pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)


@HALF
def test_attention_to_padding_is_found_out_in_half_precision_too(hand_over, tmp_path: Path, dtype) -> None:
    source = hand_over("bert")
    body = source.loaded.model.to(dtype)
    right = body.forward
    body.forward = lambda attention_mask=None, **arguments: right(**arguments)
    refused(source, READ, tmp_path, "Padding or positions are not handled rightly")


@HALF
@pytest.mark.parametrize("name", ["gpt2", "llama", "gpt_neox", "bert"])
def test_a_right_model_passes_in_half_precision(hand_over, name, dtype) -> None:
    source = hand_over(name)
    source.loaded.model.to(dtype)
    values = measure(source, [READ, WRITE] if name != "bert" else [READ])[READ]
    whole = measure(hand_over(name), [READ])[READ]
    assert abs(values - whole).max() < 0.1 * abs(whole).max()


def test_a_model_that_amplifies_rounding_is_allowed_more_but_one_that_is_wrong_is_not(hand_over) -> None:
    from neuronclaims.models.options import RunOptions
    from neuronclaims.models.running.encode import encode
    from neuronclaims.models.running.integrity import AT_MOST, AT_ONCE, allowed, reread, shaken
    from neuronclaims.models.running.loading import load
    from neuronclaims.models.running.worker import running

    need = Pooled("resid_post", 2, "mean", "prompt", 0)

    def moved(source: Source) -> float:
        ready = load(source, RunOptions())
        row = encode(ready, PROMPTS, 0)[0]
        with running(ready, "here"):
            plain = reread(ready, row, (), [need])[need]
            with shaken(ready):
                return float(abs(reread(ready, row, (), [need])[need] - plain).max() / abs(plain).max())

    calm, wild, wrong = hand_over("llama"), hand_over("llama"), hand_over("gpt2")
    seen: list[torch.Tensor] = []

    def further(block: torch.nn.Module, args: object, output: torch.Tensor) -> torch.Tensor:
        """Go a hundred times further from where the block's output was first."""
        seen.append(output)
        return output + 99 * (output - seen[0])

    wild.loaded.model.model.layers[2].register_forward_hook(further)
    # How much rounding moves is the machine's affair. That a hundredfold is seen as one is not.
    assert 20 * moved(calm) < moved(wild) < 500 * moved(calm)
    ignoring = wrong.loaded.model.base_model
    right, before = ignoring.forward, moved(wrong)
    assert before > 0
    ignoring.forward = lambda position_ids=None, **arguments: right(**arguments)
    # The text is alone and nothing is padded, so what is wrong with padding is not even there.
    assert moved(wrong) < 3 * before
    for dtype in AT_MOST:
        assert allowed(dtype, 0.0) == AT_ONCE[dtype] < allowed(dtype, AT_ONCE[dtype]) <= AT_MOST[dtype]
        assert allowed(dtype, 100.0) == AT_MOST[dtype]
        assert allowed(dtype, float("nan")) == AT_ONCE[dtype]


def test_the_most_padded_text_is_run_again_and_one_at_random_of_every_two_hundred() -> None:
    from neuronclaims.models.running.encode import Encoded
    from neuronclaims.models.running.integrity import choose_probes

    def texts(lengths: list[int]) -> list[Encoded]:
        return [Encoded(f"{n} of {size}", (1,) * size, (True,) * size) for n, size in enumerate(lengths)]

    assert choose_probes([texts([9, 8, 8]), texts([7, 7, 2]), texts([2, 1])], False) == [(1, 2)]
    assert choose_probes([texts([3])], generating=False) == []
    assert choose_probes([texts([3])], generating=True) == [(0, 0)]
    many = [texts([30 - batch] * 63 + [29 - batch]) for batch in range(13)]
    chosen = choose_probes(many, generating=False)
    assert len(chosen) == 5
    assert (12, 63) in chosen
    assert len({batch for batch, _ in chosen}) > 2
    assert choose_probes(many, generating=False) == chosen


@unguarded
def test_a_hook_that_never_fires_is_found_out(hand_over, tmp_path: Path) -> None:
    source = hand_over("gpt2")
    mlp = source.loaded.model.transformer.h[1].mlp
    mlp.forward = lambda x: mlp.act(mlp.c_fc(x)) @ mlp.c_proj.weight + mlp.c_proj.bias
    refused(source, READ, tmp_path, "mlp_post of layer 1 was never seen")


@unguarded
def test_a_hook_that_fires_twice_is_found_out(hand_over, tmp_path: Path) -> None:
    source = hand_over("gpt2")
    mlp = source.loaded.model.transformer.h[1].mlp
    mlp.forward = lambda x: (mlp.c_proj(mlp.act(mlp.c_fc(x))) + mlp.c_proj(mlp.act(mlp.c_fc(x)))) / 2
    both = Activations("resid_post", 2, READ.tokens, PROMPTS)
    with pytest.raises(IntegrityError, match="mlp_post of layer 1 was seen more than once"):
        measure(source, [READ, both], cache=RunCache(tmp_path))


@unguarded
def test_a_module_of_another_width_than_the_configuration_says_is_found_out(
    hand_over, tmp_path: Path
) -> None:
    source = hand_over("gpt2")
    source.config["n_inner"] = 100
    refused(source, READ, tmp_path, "has shape [3, 7, 128], not [3, 7, 100] (prompts, tokens, width)")


@unguarded
@pytest.mark.parametrize(
    ("change", "shape"),
    [
        (lambda values: values[:, 1:], "[3, 6, 32], not [3, 7, 32]"),
        (lambda values: values.mean(1), "[3, 32], not [3, 7, 32]"),
        (lambda values: values.transpose(0, 1), "[7, 3, 32], not [3, 7, 32]"),
    ],
)
def test_a_block_whose_output_has_the_wrong_shape_is_found_out(
    hand_over, tmp_path: Path, change, shape
) -> None:
    source = hand_over("gpt2")
    block = source.loaded.model.transformer.h[1]
    right = block.forward
    block.forward = lambda *args, **arguments: change(right(*args, **arguments))
    refused(source, Activations("resid_post", 1, READ.tokens, PROMPTS), tmp_path, f"has shape {shape}")


@pytest.mark.parametrize("question", [READ, WRITE])
def test_rows_follow_their_texts_in_whatever_order_these_are_given(
    hand_over, tmp_path: Path, question
) -> None:
    source, turned = hand_over("gpt2"), (2, 0, 1)
    otherwise = replace(question, prompts=tuple(PROMPTS[place] for place in turned))
    rows = measure(source, [question], cache=RunCache(tmp_path))[question]
    assert (measure(source, [otherwise], cache=RunCache(tmp_path))[otherwise] == rows[list(turned)]).all()
    np.testing.assert_allclose(
        measure(source, [otherwise])[otherwise], rows[list(turned)], rtol=1e-4, atol=1e-5
    )
    for place, prompt in enumerate(PROMPTS):
        alone = replace(question, prompts=(prompt,))
        assert abs(measure(source, [alone])[alone] - rows[place]).max() < 1e-5


def test_a_model_is_measured_without_dropout_and_left_as_it_was(hand_over) -> None:
    source = hand_over("gpt2", resid_pdrop=0.5, embd_pdrop=0.5)
    calm = measure(source, [READ])[READ]
    source.loaded.model.train()
    assert (measure(source, [READ])[READ] == calm).all()
    assert source.loaded.model.training
    assert not any(
        module._forward_hooks or module._forward_pre_hooks for module in source.loaded.model.modules()
    )


@unguarded
def test_nothing_above_the_highest_layer_asked_for_is_run_nor_the_head(hand_over) -> None:
    source = hand_over("llama")
    model, ran = source.loaded.model, []
    for name, module in {
        "1": model.model.layers[1],
        "2": model.model.layers[2],
        "head": model.lm_head,
    }.items():
        module.register_forward_hook(lambda m, i, o, name=name: ran.append(name))
    measure(source, [Activations("resid_post", 1, READ.tokens, PROMPTS), READ])
    assert set(ran) == {"1"}


def test_a_model_that_fails_while_running_is_one_clear_error(hand_over) -> None:
    source = hand_over("gpt2")

    def fail(*args, **kwargs):
        raise RuntimeError("not enough memory: you tried to allocate 1 TB\nand more lines")

    source.loaded.model.transformer.h[0].mlp.forward = fail
    with pytest.raises(MeasurementError, match=r"failed while its sites were proven: .*1 TB\.$"):
        measure(source, [READ])
