"""Ray itself: the same numbers as in this process, and nothing lost whoever ends. Starting it takes seconds.

Ray is started in a thorough run alone; who is ended, when and how, is tried in a thorough run, and on a pool without
processes in ``test_dispatch.py``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from ray_processes import processes, server, until
from slow_need import Slowly
from thorough import THOROUGH

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.engine import EngineError
from neuronclaims.engines.measure import measure_each
from neuronclaims.engines.remote import ray_pool
from neuronclaims.engines.remote.serving import Expected, place_of, versions
from neuronclaims.measurements import (
    Ablation,
    Activations,
    Attention,
    Continuations,
    Measurement,
    PositionCorrelations,
    Prediction,
    Readout,
    TokenValues,
)
from neuronclaims.measurements.activations import Generation, TokenRule
from neuronclaims.measurements.changing.controls import Controls
from neuronclaims.measurements.errors import LostError
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import open_model
from neuronclaims.tokens.attended import AttendedTokens
from neuronclaims.tokens.spans import ChangedTokens

pytest.importorskip("ray")
only_thorough = pytest.mark.skipif(not THOROUGH, reason="takes a minute (THOROUGH=1)")
PLACES = ("Hanoi", "the old river", "a small house", "London", "our kitchen", "the long road")
PROMPTS = tuple(f"Tom and {who} went to {place}." for who in ("Anna", "his dog") for place in PLACES)
PYTHONPATH = os.pathsep.join([str(Path(__file__).parent), *sys.path])


@pytest.fixture
def demo():
    return open_model("demo", Path())


def every_sort() -> list[Measurement]:
    """One measurement of several sorts; tests/models/test_every_kind.py has them all, for the thorough run."""
    change = Ablation("mlp_post", ((2, 340),), "zero", Prediction(" Hanoi"), PROMPTS[:6])
    return [
        Activations("mlp_post", 2, TokenRule("mean", "prompt"), PROMPTS),
        Activations("resid_post", 3, TokenRule("last", "generated"), PROMPTS[:4], Generation(4)),
        Readout("mlp_post", 2, 340, " Hanoi", (0.0, 1.0), PROMPTS),
        PositionCorrelations("mlp_post", 1, 17, PROMPTS),
        TokenValues("mlp_post", 2, 340, PROMPTS),
        Attention(1, AttendedTokens.read("the previous token"), ChangedTokens("last"), PROMPTS),
        Continuations(PROMPTS[:4], Generation(4)),
        change,
        Controls(change, 5),
    ]


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Say whether two answers are equal bit by bit, or text by text."""
    return one.tolist() == other.tolist() if one.dtype.kind == "O" else one.tobytes() == other.tobytes()


@only_thorough
def test_two_workers_give_the_bits_of_this_process(demo, tmp_path: Path) -> None:
    asked, said = every_sort(), []
    few = {"batch_prompts": 3}
    here = measure_each(demo, asked, options=RunOptions(**few))
    there = measure_each(
        demo, asked, cache=RunCache(tmp_path), options=RunOptions(engine="ray:2", **few), progress=said.append
    )
    # After some prompts the model writes nothing, which is an error of these and no other.
    assert {each: str(error) for each, error in there.failed.items()} == {
        each: str(error) for each, error in here.failed.items()
    }
    assert (list(there), len(there)) == (list(here), len(asked) - 1)
    for each in here:
        assert same(here[each], there[each]), each
    last = said[-1]
    assert (last.stage, last.done, 1 <= last.workers <= 2) == ("measuring", last.total, True)
    # A second run finds all in the cache, and asks neither Ray nor torch.
    known = measure_each(demo, asked, cache=RunCache(tmp_path), options=RunOptions(engine="ray:2", **few))
    assert all(same(known[each], there[each]) for each in here)
    import ray

    assert not ray.is_initialized()


def test_a_cluster_that_is_not_there_is_one_sentence(demo) -> None:
    with pytest.raises(EngineError) as raised:
        ray_pool.RayPool(demo, RunOptions(), ray_pool.EngineAsked("ray", None, "no/address"))
    assert str(raised.value).startswith("No cluster of Ray at no/address: ")
    assert "\n" not in str(raised.value)


def test_a_worker_of_other_versions_or_files_is_refused(demo, tmp_path: Path) -> None:
    Expected(versions(), place_of(demo), demo.fingerprint()).check(demo)
    Expected(versions(), (), demo.fingerprint()).check(demo)
    with pytest.raises(EngineError, match=r"other versions than this process: torch .* instead of 0\.1"):
        Expected(versions() | {"torch": "0.1"}).check(demo)
    other = type(demo.fingerprint())("another", "one")
    with pytest.raises(EngineError, match="is another one than here: its files differ"):
        Expected(versions(), (), other).check(demo)
    Expected(versions(), place_of(demo), other).check(demo)  # the very same files need not be read again


def ended(
    demo, tmp_path: Path, texts: tuple[str, ...], strike: Callable[[], None], patience=None, **settings
):
    """Measure slowly while something is struck; every text that is there has its value."""
    asked = Slowly(texts, 0.4, str(tmp_path))
    struck = []

    def progress(step) -> None:
        if step.stage == "measuring" and step.done >= 3 and not struck:
            struck.append(strike())

    options = RunOptions(engine="ray:2", patience=patience)
    found = measure_each(demo, [asked], options=options, progress=progress, **settings)
    if asked in found:
        assert found[asked][:, 0].tolist() == [len(text) for text in texts]
    return found.failed.get(asked)


def kill() -> None:
    os.kill(server(), signal.SIGKILL)


@only_thorough
def test_an_actor_that_is_killed_loses_nothing(demo, tmp_path: Path) -> None:
    assert ended(demo, tmp_path, tuple(f"text {'x' * n}" for n in range(20)), kill) is None


@only_thorough
def test_a_text_that_ends_its_process_fails_alone(demo, tmp_path: Path) -> None:
    cache = RunCache(tmp_path / "cache")
    texts = tuple("poison" if n == 5 else f"text {'x' * n}" for n in range(12))
    error = ended(demo, tmp_path, texts, lambda: None, cache=cache)
    assert isinstance(error, LostError)
    assert str(error).startswith("3 workers ended, each while it ran 'poison'")
    # What was measured is kept, and what was not is tried again: the failure is of nobody's lasting memory.
    (tmp_path / "again").mkdir()
    good = Slowly(texts[:5], 0.0, str(tmp_path / "again"))
    assert measure_each(demo, [good], cache=cache).failed == {}


@only_thorough
def test_a_worker_that_hangs_is_ended_and_loses_nothing(demo, tmp_path: Path) -> None:
    struck: list[int] = []

    def stop() -> None:
        struck.append(server())
        os.kill(struck[0], signal.SIGSTOP)

    texts = tuple(f"text {'x' * n}" for n in range(12))
    assert ended(demo, tmp_path, texts, stop, patience=0.5) is None
    assert until(lambda: not Path(f"/proc/{struck[0]}").exists())


@only_thorough
def test_a_machine_that_vanishes_loses_nothing(demo, tmp_path: Path) -> None:
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    try:
        texts = tuple(f"text {'x' * n}" for n in range(40))
        assert ended(demo, tmp_path, texts, lambda: cluster.remove_node(second)) is None
        assert ray.is_initialized()  # a cluster that was there stays
    finally:
        ray.shutdown()
        cluster.shutdown()


DRIVER = """
import sys
from pathlib import Path
from ray_processes import processes, server, until
from slow_need import Slowly
from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure_each
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import open_model
asked = Slowly(tuple("text " + "x" * n for n in range(30)), float(sys.argv[2]), sys.argv[1])
found = measure_each(
    open_model("demo", Path()), [asked], cache=RunCache(Path(sys.argv[1]) / "cache"),
    options=RunOptions(engine="ray:2"), progress=lambda step: print(step.stage, step.done, flush=True),
)
print("sum", int(found[asked].sum()), sorted({"torch", "ray"} & sys.modules.keys()))
"""


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen]]:
    def started(seconds: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(tmp_path), seconds],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": PYTHONPATH, "TMPDIR": str(tmp_path)},
            start_new_session=True,
        )

    return started


@only_thorough
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_driver_that_ends_leaves_nobody_behind_and_the_next_goes_on(how, driver, tmp_path: Path) -> None:
    first = driver("0.5")
    assert first.stdout is not None
    for line in first.stdout:
        if line.startswith("measuring") and int(line.split()[1]) >= 5:
            break
    assert until(lambda: processes("ray::ModelServer"))
    first.send_signal(how)
    first.wait(60)
    assert until(lambda: not processes("ray::ModelServer") and not processes("raylet/raylet"))
    # Two helpers of Ray notice a minute later that the rest is gone.
    assert until(lambda: not processes("ray::"), 180)
    # A text is a batch, and a note is left of each that was begun: what was kept is not begun again.
    kept, begun = len(list((tmp_path / "cache").rglob("*.safetensors"))), len(list(tmp_path.glob("[0-9]*-*")))
    assert kept
    done = driver("0.01").communicate(timeout=120)[0]
    assert f"sum {sum(len('text ') + n for n in range(30))}" in done
    assert len(list(tmp_path.glob("[0-9]*-*"))) - begun == 30 - kept
    warm = driver("0.01").communicate(timeout=120)[0]
    assert warm.splitlines()[-1].endswith(" []")
