"""What a model wrote: the text of its own greedy choice, kept from the passes that measure it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from test_runs_cache import python
from tiny_models import WORDS

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, Continuations, Generation, TokenRule
from neuronclaims.measurements.activations import Pooled
from neuronclaims.measurements.continuations import ContinuationNeed
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.plan import jobs
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running import pooled
from neuronclaims.models.sources import Source

PROMPTS = (
    "the old dog ran to the river",
    "Hanoi is the capital of Vietnam and food in the old market was new",
    "she sat",
)
LIMIT = 9


def values(span: str = "generated", limit: int = LIMIT, prompts: tuple[str, ...] = PROMPTS) -> Activations:
    generated = None if span == "prompt" else Generation(limit)
    return Activations("resid_post", 1, TokenRule("mean", span), prompts, generated)


def texts(limit: int = LIMIT, prompts: tuple[str, ...] = PROMPTS) -> Continuations:
    return Continuations(prompts, Generation(limit))


def greedy(source: Source, prompt: str, most: int, stop: int | None = None) -> list[int]:
    """The tokens a model puts first, one whole forward of the bare model per token: no batch, padding or cache."""
    ids = source.loaded.tokenizer(prompt)["input_ids"]
    made: list[int] = []
    with torch.no_grad():
        while len(made) < most and stop not in made:
            made.append(int(source.loaded.model(torch.tensor([ids + made])).logits[0, -1].argmax()))
    return made


def worded(tokens: list[int]) -> str:
    """Tokens as text: words in their order; the first four of the vocabulary are special and no text."""
    return "".join(f" {WORDS[token - 4]}" for token in tokens if token > 3)


@pytest.mark.parametrize("name", ["gpt2", "llama", "opt"])
@pytest.mark.parametrize("batch", [1, 64])
def test_a_continuation_is_the_model_s_greedy_text(hand_over, name: str, batch: int) -> None:
    source = hand_over(name)
    asked = [values(), texts(), texts(limit=4), values("emitting", limit=4)]
    found = measure(source, asked, options=RunOptions(batch_prompts=batch))
    for limit in (LIMIT, 4):
        wanted = [worded(greedy(source, prompt, limit)) for prompt in PROMPTS]
        assert len(set(wanted)) == len(wanted)
        assert found[texts(limit)].tolist() == wanted


def test_it_ends_before_the_stop_token_and_is_empty_where_that_comes_at_once(hand_over) -> None:
    source = hand_over("gpt2")
    stop = greedy(source, PROMPTS[0], 1)[0]
    source.loaded.model.generation_config.eos_token_id = stop
    found = measure(source, [texts()])[texts()]
    made = [greedy(source, prompt, LIMIT, stop) for prompt in PROMPTS]
    assert made[0] == [stop]
    assert any(len(tokens) > 1 for tokens in made)
    assert found.tolist() == [worded([token for token in tokens if token != stop]) for tokens in made]


def test_asking_for_it_runs_nothing_more_and_changes_no_value(hand_over, monkeypatch) -> None:
    source, passes = hand_over("llama"), []
    source.loaded.model.get_input_embeddings().register_forward_pre_hook(
        lambda _, args: passes.append(tuple(args[0].shape))
    )
    bare = measure(source, [values(), values("prompt")])
    alone = list(passes)
    passes.clear()
    # Asked of some texts only, which must not part them from the others.
    both = measure(source, [values(), values("prompt"), texts(prompts=PROMPTS[:1])])
    assert passes == alone
    for question in bare:
        assert (both[question] == bare[question]).all()


def test_claims_about_prompts_alone_stay_as_they_were() -> None:
    read, made = Pooled("resid_post", 1, "mean", "prompt", 0), Pooled("resid_post", 1, "mean", "generated", 5)
    long = Pooled("resid_post", 1, "mean", "generated", 3)
    work = jobs({read: ["a", "b"], made: ["c", "d"], long: ["e", "f"], ContinuationNeed(5): ["d", "f"]})
    assert [(job.items, job.new_tokens, ContinuationNeed(5) in job.needs) for job in work] == [
        (("e",), 3, False),  # nothing longer is written after it because of another
        (("f",), 5, True),
        (("c", "d"), 5, True),
        (("a", "b"), 0, False),
    ]


def test_a_cache_that_has_the_values_alone_is_filled_up(source_of, tmp_path, monkeypatch) -> None:
    source, cache = source_of("gpt2"), RunCache(tmp_path)
    before = measure(source, [values()], cache=cache)[values()]
    jobs_run = []
    worker = pooled.work
    monkeypatch.setattr(pooled, "work", lambda *work: jobs_run.append(work[1]) or worker(*work))
    filled = measure(source, [values(), texts()], cache=cache)
    assert [job.needs for job in jobs_run] == [(ContinuationNeed(LIMIT),)]
    fresh = measure(source, [values(), texts()])
    assert (filled[values()] == before).all()
    assert filled[texts()].tolist() == fresh[texts()].tolist()
    assert np.array_equal(fresh[values()], before)


WARM = f"""
    import sys
    from pathlib import Path
    from neuronclaims.measurements import Continuations, Generation
    from neuronclaims.cache.run_cache import RunCache
    from neuronclaims.engines.measure import measure
    from neuronclaims.models.sources import open_model
    question = Continuations({PROMPTS!r}, Generation({LIMIT}))
    answer = measure(open_model(sys.argv[1], Path(".")), [question], cache=RunCache(Path(sys.argv[2])))
    print(answer[question].tolist(), sorted({{"torch", "transformers"}} & set(sys.modules)))
"""


def test_a_warm_run_reads_it_back_without_torch(
    folder_of: Callable[[str], Path], source_of, tmp_path
) -> None:
    cold = measure(source_of("llama"), [values(), texts()], cache=RunCache(tmp_path))[texts()]
    assert python(WARM, folder_of("llama"), tmp_path).strip() == f"{cold.tolist()} []"
    assert not cold.flags.writeable


def test_a_tokenizer_that_is_none_of_the_tokenizers_library_tells_it_too(hand_over, monkeypatch) -> None:
    source = hand_over("gpt2")
    wanted = measure(source, [texts()])[texts()].tolist()

    class Slow:
        """The same tokenizer, without the library's object inside."""

        def __getattr__(self, name: str) -> object:
            if name == "backend_tokenizer":
                raise AttributeError(name)
            return getattr(source.loaded.tokenizer, name)

        def __call__(self, *args: object, **options: object) -> object:
            return source.loaded.tokenizer(*args, **options)

    from neuronclaims.models.sources import LoadedModel, open_model

    slow = open_model("handed", Path("."), {"handed": LoadedModel(source.loaded.model, Slow())})
    found = measure(slow, [texts()])[texts()].tolist()
    assert [text.split() for text in found] == [text.split() for text in wanted]


@pytest.mark.parametrize(
    ("name", "limit", "says"), [("bert", 3, "predicts no next token"), ("gpt2", 0, "at least 1")]
)
def test_what_cannot_be_written_is_one_clear_error(source_of, name: str, limit: int, says: str) -> None:
    with pytest.raises(MeasurementError, match=says):
        measure(source_of(name), [texts(limit)])
