"""What was measured once is read back, only what is missing is measured, and nothing wrong is ever read."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import draws

from neuronclaims.cache.context import Context
from neuronclaims.cache.run_cache import RunCache, context_key
from neuronclaims.engines.local import Finished, LocalEngine
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, Generation, TokenRule
from neuronclaims.measurements.activations import Pooled as Need
from neuronclaims.measurements.errors import CacheError, RunWarning
from neuronclaims.models.options import Progress, RunOptions
from neuronclaims.models.sources import Source, open_model

PROMPTS = ("the old dog ran to the river", "Hanoi is the capital of Vietnam", "she sat", "the cat ate food")
ROOT = Path(__file__).parents[2]
FOREIGN = f"{0:032x}.safetensors"
"""A name that the cache gives, on a file that it did not write."""


def ask(site="resid_post", layer=1, pool="mean", prompts=PROMPTS) -> Activations:
    return Activations(site, layer, TokenRule(pool, "prompt"), prompts)


def counted(source: Source, questions, cache: Path, **options) -> tuple[int, object]:
    """How many prompts were run through the model, and the answers."""
    seen: list[Progress] = []
    answers = measure(
        source, questions, cache=RunCache(cache), options=RunOptions(**options), progress=seen.append
    )
    return max((step.done for step in seen if step.stage == "measuring"), default=0), answers


def python(code: str, *arguments: object, wait: bool = True):
    """Run a piece of Python in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    return process.communicate(timeout=600)[0] if wait else process


MEASURE = f"""
    import sys
    from pathlib import Path
    from neuronclaims.measurements import Activations, TokenRule
    from neuronclaims.cache.run_cache import RunCache
    from neuronclaims.engines.measure import measure
    from neuronclaims.models.sources import open_model
    question = Activations("resid_post", 1, TokenRule("mean", "prompt"), {PROMPTS!r})
    answer = measure(open_model(sys.argv[1], Path(".")), [question], cache=RunCache(Path(sys.argv[2])))
    print(float(answer[question].sum()), sorted({{"torch", "transformers"}} & set(sys.modules)))
"""

WITHOUT_A_MODEL = """
    import os, signal, sys, time, types
    import numpy as np
    def run(self, work):
        for job in work:
            for done, prompt in enumerate(job.items):
                if done == int(sys.argv[3]):
                    while len(list(Path(sys.argv[2]).rglob("*.safetensors"))) < done:
                        time.sleep(0.02)  # they are written in the background
                    os.kill(os.getpid(), signal.SIGKILL)
                print("ran", prompt, flush=True)
                time.sleep(0.2)
                values = {need: np.full((1, 32), len(prompt), np.float32) for need in job.needs}
                yield types.SimpleNamespace(items=(prompt,), values=values)
    class Engine:
        failures = {}
        def __init__(self, *_):
            pass
        def refused(self, measurements):
            return {}
        def close(self):
            pass
    Engine.run = run
    sys.modules["neuronclaims.engines.local"] = types.ModuleType("engine")
    sys.modules["neuronclaims.engines.local"].LocalEngine = Engine
"""
EXPECTED = f"{32.0 * sum(map(len, PROMPTS))} []"


def test_a_warm_run_gives_the_same_bits_and_imports_neither_torch_nor_transformers(
    folder_of, source_of, tmp_path
):
    runs, answers = counted(source_of("gpt2"), [ask()], tmp_path)
    assert runs == len(PROMPTS)
    assert python(MEASURE, folder_of("gpt2"), tmp_path).strip() == f"{float(answers[ask()].sum())} []"


TOGETHER = """
    folder = Path(sys.argv[2])
    folder.mkdir(exist_ok=True)
    (folder / f"started-{os.getpid()}").touch()
    once = Engine.run
    def run(*arguments):
        while len(list(folder.glob("started-*"))) < 8 or not list(folder.glob("waits-*")):
            time.sleep(0.05)
        yield from once(*arguments)
    Engine.run = run
    def heard(progress):
        if progress.stage == "waiting":
            (folder / f"waits-{os.getpid()}").touch()
            print("waits", flush=True)
"""


def test_eight_processes_that_start_cold_together_measure_once_and_the_others_say_they_wait(
    folder_of, tmp_path
) -> None:
    measure_telling = MEASURE.replace("sys.argv[2])))", "sys.argv[2])), progress=heard)")
    code = WITHOUT_A_MODEL + MEASURE[: MEASURE.index("    question")] + TOGETHER
    code += measure_telling[MEASURE.index("    question") :]
    processes = [python(code, folder_of("gpt2"), tmp_path, 99, wait=False) for _ in range(8)]
    said = [process.communicate(timeout=600) for process in processes]
    lines = sorted(line for out, _ in said for line in out.splitlines())
    waits = lines.count("waits")
    assert lines == sorted([f"ran {prompt}" for prompt in PROMPTS] + [EXPECTED] * 8 + ["waits"] * waits), said
    # One waited before the first text was run; one that was slow to ask found everything there.
    assert 1 <= waits <= 7


def test_a_disk_that_fills_up_keeps_what_was_finished_and_the_next_run_goes_on_from_there(
    folder_of, tmp_path
) -> None:
    full = "resource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))"
    code = WITHOUT_A_MODEL.replace("os.kill(os.getpid(), signal.SIGKILL)", full)
    process = python("    import resource" + code + MEASURE, folder_of("gpt2"), tmp_path, 2, wait=False)
    first, said = process.communicate(timeout=600)
    assert process.returncode == 1
    assert "cannot be written: File too large. Make room" in said
    assert len(list(tmp_path.rglob("*.safetensors"))) == 2
    assert not list(tmp_path.rglob("*.tmp"))
    then = python(WITHOUT_A_MODEL + MEASURE, folder_of("gpt2"), tmp_path, 99).splitlines()
    assert then == [*(f"ran {prompt}" for prompt in sorted(PROMPTS)[2:]), EXPECTED]
    # The fourth runs while the third is written.
    assert first.splitlines() == [f"ran {prompt}" for prompt in sorted(PROMPTS)[:4]]


def test_a_killed_run_keeps_its_finished_batches_and_the_next_goes_on_from_there(folder_of, tmp_path) -> None:
    process = python(WITHOUT_A_MODEL + MEASURE, folder_of("gpt2"), tmp_path, 2, wait=False)
    first = process.communicate(timeout=600)[0].splitlines()
    assert process.returncode == -signal.SIGKILL
    shards = list(tmp_path.rglob("*.safetensors"))
    assert len(first) == len(shards) == 2
    (shards[0].parent / "0123.tmp").write_bytes(shards[0].read_bytes()[:100])
    then = python(WITHOUT_A_MODEL + MEASURE, folder_of("gpt2"), tmp_path, 99).splitlines()
    assert then[-1] == EXPECTED
    assert sorted(first + then[:-1]) == sorted(f"ran {prompt}" for prompt in PROMPTS)


def test_a_new_prompt_costs_one_prompt_and_a_new_layer_runs_nothing_else(
    source_of, tmp_path, monkeypatch
) -> None:
    source, asked = source_of("gpt2"), []
    run = LocalEngine.run
    monkeypatch.setattr(LocalEngine, "run", lambda self, work: asked.extend(work) or run(self, work))
    counted(source, [ask()], tmp_path)
    asked.clear()
    runs, _ = counted(source, [ask(prompts=("a new bird sang", *PROMPTS))], tmp_path)
    assert runs == 1
    assert [job.items for job in asked] == [("a new bird sang",)]
    asked.clear()
    _, answers = counted(source, [ask(), ask(layer=2), ask(pool="last")], tmp_path)
    assert {need for job in asked for need in job.needs} == {
        Need("resid_post", 2, "mean", "prompt", 0),
        Need("resid_post", 1, "last", "prompt", 0),
    }
    for question in (ask(), ask(layer=2), ask(pool="last")):
        np.testing.assert_allclose(
            answers[question], measure(source, [question])[question], rtol=1e-4, atol=1e-5
        )


def test_everything_a_value_depends_on_is_in_its_key(source_of, hand_over, monkeypatch) -> None:
    source = source_of("gpt2")
    keys = [
        context_key(source, RunOptions(), source.fingerprint()),
        context_key(source, RunOptions(dtype="bfloat16"), source.fingerprint()),
        context_key(source, RunOptions(attention="eager"), source.fingerprint()),
        context_key(source_of("llama"), RunOptions(), source_of("llama").fingerprint()),
        context_key(hand_over("gpt2"), RunOptions(), hand_over("gpt2").fingerprint()),
        context_key(hand_over("gpt2", seed=1), RunOptions(), hand_over("gpt2", seed=1).fingerprint()),
    ]
    assert context_key(source, RunOptions(batch_tokens=7), source.fingerprint()) == keys[0]
    for what, other in (("MEASURING_VERSION", -1), ("version", lambda name: f"another {name}")):
        monkeypatch.setattr(f"neuronclaims.cache.run_cache.{what}", other)
        keys.append(context_key(source, RunOptions(), source.fingerprint()))
    assert len(set(keys)) == len(keys)


def test_another_tokenizer_is_another_key(folder_of, tmp_path) -> None:
    from neuronclaims.models.sources import open_model

    shutil.copytree(folder_of("gpt2"), tmp_path / "gpt2")
    before = open_model("gpt2", tmp_path).fingerprint()
    shutil.copy(folder_of("llama") / "tokenizer.json", tmp_path / "gpt2" / "tokenizer.json")
    after = open_model("gpt2", tmp_path).fingerprint()
    source, options = open_model("gpt2", tmp_path), RunOptions()
    assert context_key(source, options, after) != context_key(source, options, before)


def fake_value(need: Need, prompt: str) -> np.ndarray:
    seed = hashlib.sha256(f"{need}|{prompt}".encode()).digest()
    return np.frombuffer(seed * 4, np.uint8).astype(np.float32)


def questions() -> st.SearchStrategy[Activations]:
    rules = st.sampled_from([("prompt", 0), ("generated", 2), ("generated", 3), ("emitting", 3)])
    prompts = st.lists(st.sampled_from(["a", "b", "c", "d", "", "a "]), max_size=5).map(tuple)

    def build(site, layer, pool, rule, texts) -> Activations:
        generation = Generation(rule[1]) if rule[1] else None
        return Activations(site, layer, TokenRule(pool, rule[0]), texts, generation)

    sites = st.sampled_from(["resid_post", "mlp_out"])
    return st.builds(build, sites, st.integers(0, 1), st.sampled_from(["mean", "last"]), rules, prompts)


@settings(max_examples=draws(25, 60))
@given(st.lists(st.lists(questions(), max_size=4), max_size=4), st.integers(1, 3))
def test_whatever_is_asked_in_whatever_order_rows_are_right_and_measured_once(
    source_of_gpt2, calls, size
) -> None:
    measured: list[tuple[Need, str]] = []

    def run(_, work):
        for job in work:
            for start in range(0, len(job.items), size):
                prompts = job.items[start : start + size]
                measured.extend((need, prompt) for need in job.needs for prompt in prompts)
                yield Finished(prompts, {n: np.stack([fake_value(n, p) for p in prompts]) for n in job.needs})

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalEngine, "run", run)
        patch.setattr(LocalEngine, "refused", lambda *_: {})
        patch.setattr("neuronclaims.cache.whole.os.fsync", lambda handle: None)
        for asked in calls:
            answers = measure(source_of_gpt2, asked, cache=RunCache(Path(folder)))
            for question in asked:
                limit = question.generate.max_new_tokens if question.generate else 0
                need = Need(question.site, question.layer, question.tokens.pool, question.tokens.span, limit)
                assert len(answers[question]) == len(question.prompts)
                for row, prompt in zip(answers[question], question.prompts, strict=True):
                    np.testing.assert_array_equal(row[:32], fake_value(need, prompt)[:32])
        assert len(measured) == len(set(measured))


@pytest.fixture(scope="module")
def source_of_gpt2(source_of) -> Source:
    return source_of("gpt2")


WHOLE = {
    Need("resid_post", layer, "mean", "prompt", 0): np.random.default_rng(layer)
    .normal(size=(3, 16))
    .astype(np.float32)
    for layer in range(2)
}


@settings(max_examples=draws(60, 150))
@given(st.data())
@pytest.mark.filterwarnings("ignore::neuronclaims.measurements.errors.RunWarning")
def test_a_damaged_shard_is_never_believed(data) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("neuronclaims.cache.whole.os.fsync", lambda handle: None)
        context = Context(Path(folder), "c" * 64)
        path = context.write(("a", "b", "c"), WHOLE)
        content = bytearray(path.read_bytes())
        if data.draw(st.booleans(), label="cut"):
            content = content[: data.draw(st.integers(0, len(content) - 1))]
        else:
            content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        for need, rows in context.read(dict.fromkeys(WHOLE, ("a", "b", "c"))).items():
            for prompt, values in rows.items():
                np.testing.assert_array_equal(values, WHOLE[need]["abc".index(prompt)])


def test_a_damaged_or_foreign_file_is_reported_set_aside_and_measured_again(source_of, tmp_path) -> None:
    source = source_of("gpt2")
    _, before = counted(source, [ask()], tmp_path)
    (shard,) = tmp_path.rglob("*.safetensors")
    content = bytearray(shard.read_bytes())
    content[-5] ^= 64
    shard.write_bytes(content)
    shutil.copy(source.folder / "model.safetensors", shard.parent / FOREIGN)
    with pytest.warns(RunWarning) as caught:
        runs, after = counted(source, [ask()], tmp_path)
    assert runs == len(PROMPTS)
    said = " ".join(str(warning.message) for warning in caught)
    assert "checksum of resid_post/1/mean of prompt/0 does not agree" in said
    assert FOREIGN in said
    np.testing.assert_array_equal(after[ask()], before[ask()])
    assert counted(source, [ask()], tmp_path)[0] == 0


def test_a_cache_that_cannot_be_written_is_one_clear_error(source_of, tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CacheError, match=r"file cannot be written: .*choose another cache folder"):
        counted(source_of("gpt2"), [ask()], tmp_path / "file")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("neuronclaims.cache.whole.os.fsync", full)
    with pytest.raises(CacheError, match="cannot be written: No space left on device"):
        counted(source_of("gpt2"), [ask()], tmp_path / "full")
    assert not [path for path in (tmp_path / "full").rglob("*") if path.suffix in (".tmp", ".safetensors")]


@contextmanager
def nobody() -> Iterator[None]:
    """Give up the rights of the administrator, whom no permission stops, for a while."""
    administrator = os.geteuid() == 0
    if administrator:
        os.seteuid(65534)
    try:
        yield
    finally:
        if administrator:
            os.seteuid(0)


def test_a_cache_that_may_only_be_read_is_enough_for_a_warm_run_and_an_error_for_any_other() -> None:
    demo = open_model("demo", Path("."))
    with tempfile.TemporaryDirectory() as name:
        counted(demo, [ask()], Path(name))
        folders = [Path(name), *(path for path in Path(name).rglob("*") if path.is_dir())]
        before = sorted(Path(name).rglob("*"))
        for folder in folders:
            folder.chmod(0o555)
        with nobody():
            assert counted(demo, [ask()], Path(name))[0] == 0
            with pytest.raises(
                CacheError, match=r"cannot be written: Permission denied.*or choose another cache folder"
            ):
                counted(demo, [ask(layer=2)], Path(name))
        assert sorted(Path(name).rglob("*")) == before
        for folder in folders:
            folder.chmod(0o755)


def test_the_cache_says_what_it_is(source_of, tmp_path) -> None:
    counted(source_of("gpt2"), [ask()], tmp_path)
    assert "It may be deleted at any time" in (tmp_path / "README.txt").read_text()


def test_answers_cannot_be_changed_and_equal_questions_share_memory(source_of) -> None:
    answers = measure(source_of("gpt2"), [ask(), ask(prompts=())])
    assert answers[ask(prompts=())].shape == (0, 32)
    with pytest.raises(ValueError):
        answers[ask()][0, 0] = 1.0
