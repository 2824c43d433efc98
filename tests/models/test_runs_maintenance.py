"""A run cache can be looked at, checked and cut down, while others use it, and nothing else is ever touched."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest
from filelock import FileLock

from neuronclaims.cache.maintenance import clear, contents, prune, verify
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.cli import main
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import CacheError
from neuronclaims.models.options import Progress, RunOptions

PROMPTS = ("the old dog ran to the river", "Hanoi is the capital of Vietnam", "she sat")


def ask(layer: int = 1, prompts=PROMPTS) -> Activations:
    return Activations("resid_post", layer, TokenRule("mean", "prompt"), prompts)


def ran(source, cache: RunCache, **options) -> tuple[int, np.ndarray]:
    """How many texts were run through the model, and the answer."""
    seen: list[Progress] = []
    question = ask()
    answer = measure(source, [question], cache=cache, options=RunOptions(**options), progress=seen.append)[
        question
    ]
    return max((step.done for step in seen if step.stage == "measuring"), default=0), answer


@pytest.fixture
def cache(tmp_path, source_of) -> RunCache:
    made = RunCache(tmp_path / "cache")
    ran(source_of("gpt2"), made, batch_prompts=1)
    return made


def used(cache: RunCache, days_ago: float) -> None:
    for kept in contents(cache):
        for path in (*kept.files, kept.folder / "context.json"):
            os.utime(path, (time.time() - 86400 * days_ago,) * 2)


def test_info_says_what_was_measured_how_and_how_much(cache, source_of, capsys):
    ran(source_of("llama"), cache)
    llama, gpt2 = contents(cache)
    assert (gpt2.prompts, len(gpt2.files)) == (3, 3)
    assert gpt2.size == sum(path.stat().st_size for path in gpt2.files)
    assert (gpt2.about["model"], gpt2.about["dtype"], gpt2.about["device"]) == ("gpt2", "float32", "cpu")
    assert llama.used >= gpt2.used
    assert main(["cache", "info", "--cache", str(cache.folder)]) == 0
    told = capsys.readouterr().out
    assert "gpt2 (" in told
    assert "3 texts in 3 files" in told


def test_a_flipped_byte_is_found_set_aside_and_measured_again(cache, source_of, capsys):
    _, before = ran(source_of("gpt2"), cache)
    path = contents(cache)[0].files[1]
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    assert main(["cache", "verify", "--cache", str(cache.folder)]) == 1
    assert "3 files read, 1 damaged" in capsys.readouterr().out
    assert verify(cache) == (2, [])
    count, after = ran(source_of("gpt2"), cache)
    assert count == 1
    np.testing.assert_array_equal(before, after)


def test_a_shard_in_the_folder_of_another_model_is_damaged(cache, source_of):
    ran(source_of("llama"), cache)
    one, other = contents(cache)
    stray = one.folder / other.files[0].name
    stray.write_bytes(other.files[0].read_bytes())
    _, [damaged] = verify(cache)
    assert damaged.startswith(str(stray))


def test_what_was_not_used_for_long_is_pruned_and_what_was_is_kept(cache, source_of):
    used(cache, days_ago=10)
    ran(source_of("llama"), cache)
    assert prune(cache, older_than=30 * 86400).files == 0
    assert prune(cache, older_than=5 * 86400).files == 3
    assert [kept.prompts for kept in contents(cache)] == [3, 0]


def test_reading_counts_as_use(cache, source_of):
    used(cache, days_ago=10)
    ran(source_of("gpt2"), cache)
    assert prune(cache, older_than=5 * 86400).files == 0


def test_too_much_is_cut_down_from_what_was_used_longest_ago(cache, source_of):
    used(cache, days_ago=10)
    ran(source_of("llama"), cache)
    size = contents(cache)[0].size
    prune(cache, max_size=size)
    assert [kept.prompts for kept in contents(cache)] == [3, 0]


def test_leftovers_go_and_everything_goes(cache):
    folder = contents(cache)[0].folder
    (folder / f"{0:032x}.tmp").write_bytes(b"half")
    assert prune(cache).files == 1
    assert clear(cache).files == 3
    assert contents(cache) == []


def test_what_a_run_is_measuring_is_left_alone(cache, capsys):
    with FileLock(contents(cache)[0].folder / "measuring.lock"):
        assert main(["cache", "clear", "--cache", str(cache.folder)]) == 0
        assert "which a run measures right now" in capsys.readouterr().out
    assert contents(cache)[0].prompts == 3


def test_a_folder_that_is_no_cache_is_not_touched(tmp_path, capsys):
    (tmp_path / "activations" / "x").mkdir(parents=True)
    (tmp_path / "activations" / "x" / "mine.safetensors").write_bytes(b"mine")
    with pytest.raises(CacheError, match="is no run cache"):
        clear(RunCache(tmp_path))
    assert main(["cache", "clear", "--cache", str(tmp_path)]) == 1
    assert "is no run cache" in capsys.readouterr().err
    assert (tmp_path / "activations" / "x" / "mine.safetensors").exists()


@pytest.mark.parametrize("words", [["--older-than", "30"], ["--max-size", "2 apples"], ["--older-than", "d"]])
def test_an_amount_that_is_none_is_told(words, capsys):
    with pytest.raises(SystemExit):
        main(["cache", "prune", *words])
    assert "write a number with one of" in capsys.readouterr().err


def test_the_device_is_part_of_what_a_value_belongs_to(source_of):
    from neuronclaims.cache.run_cache import context_key

    source = source_of("gpt2")
    assert context_key(source, RunOptions(device="cuda:1"), source.fingerprint()) == context_key(
        source, RunOptions(device="cuda"), source.fingerprint()
    )
    assert context_key(source, RunOptions(device="cuda"), source.fingerprint()) != context_key(
        source, RunOptions(), source.fingerprint()
    )


HOLDER = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_process_that_waits_for_another_says_so(cache, source_of):
    seen: list[str] = []
    path = contents(cache)[0].folder / "measuring.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"

    def heard(progress: Progress) -> None:
        seen.append(progress.stage)
        if progress.stage == "waiting":
            holder.communicate("go on\n")

    measure(source_of("gpt2"), [ask(layer=0)], cache=cache, progress=heard)
    assert "waiting" in seen
    assert seen.index("waiting") < seen.index("measuring")
