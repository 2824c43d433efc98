"""A run of several models starts Ray once, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from ray_processes import processes, server, until
from slow_need import Slowly
from thorough import THOROUGH

from neuronclaims.engines.engine import EngineError
from neuronclaims.engines.measure import measure_each
from neuronclaims.engines.remote import ray_pool
from neuronclaims.engines.remote.pool import Came
from neuronclaims.engines.remote.ray_cluster import RayCluster
from neuronclaims.engines.remote.whole_run import WHOLE_RUN, WholeRun
from neuronclaims.engines.remote.worker_shares import WorkerShare
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import open_model

pytest.importorskip("ray")
only_thorough = pytest.mark.skipif(not THOROUGH, reason="takes half a minute (THOROUGH=1)")


@only_thorough
def test_the_models_of_a_run_share_one_cluster_and_its_workers(tmp_path: Path, capfd) -> None:
    import ray

    demo = open_model("demo", Path())
    other = tmp_path / "other"
    shutil.copytree(demo.folder, other)
    with WHOLE_RUN.joined():
        pids = []
        for number, source in enumerate((demo, open_model(str(other), Path()), demo)):
            folder = tmp_path / str(number)
            folder.mkdir()
            if number == 2:  # one that ends while it waits for a model is replaced, and nobody hears of it
                os.kill(server(), signal.SIGKILL)
            asked = Slowly(tuple(f"text {'x' * n}" for n in range(6)), 0.4, str(folder))
            found = measure_each(source, [asked], options=RunOptions(engine="ray:2"))
            assert found[asked][:, 0].tolist() == [5.0 + n for n in range(6)]
            pids.append({path.name.split("-")[1] for path in folder.iterdir()})
            assert ray.is_initialized()
        assert len(pids[0] | pids[1]) <= 2
    assert "raylet" not in "".join(capfd.readouterr())  # the run says by itself that a worker ended
    assert not ray.is_initialized()
    assert until(lambda: not processes("ray::ModelServer"))


class Thing:
    """Something that is started once."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_what_a_run_started_ends_with_the_last_who_is_in_it(error: type[BaseException] | None) -> None:
    run = WholeRun()
    things: list[Thing] = []

    def models() -> None:
        with run.joined():
            for _ in range(2):
                with run.joined():
                    things.append(run.shared("a", Thing))
            assert things[0] is things[1]
            assert not things[0].closed
            if error is not None:
                raise error

    if error is None:
        models()
    else:
        with pytest.raises(error):
            models()
    assert things[0].closed == 1
    with run.joined():
        assert run.shared("a", Thing) is not things[0]


def test_sessions_commands_and_calls_are_whole_runs(monkeypatch, pytester: pytest.Pytester) -> None:
    """Each of the three is in the run while it works on its models, and has left it afterwards."""
    from neuronclaims.cli.application import run
    from neuronclaims.scripting.judge import judge

    pytester.makefile(
        ".claims.yaml",
        a="version: 1\nmodels: [one, two]\nsite: mlp_post\ntokens: last of prompt\n"
        "sets: {a: [x, y], b: [z, w]}\nclaims: [neuron 0:1 activates more for a than b]\n",
    )
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # named below, whatever is installed
    inside: list[int] = []

    def expected(*_: object) -> None:
        inside.append(WHOLE_RUN._inside)
        raise NeuronClaimsError("enough is known")

    monkeypatch.setattr("neuronclaims.study.Study.expect", expected)
    for door in (
        lambda: judge("a.claims.yaml"),
        lambda: run(["measure", "a.claims.yaml"]),
        lambda: pytester.inline_run("-p", "neuronclaims.plugin", "a.claims.yaml"),
    ):
        inside.clear()
        with suppress(NeuronClaimsError):
            door()
        assert inside
        assert set(inside) == {1}
        assert WHOLE_RUN._inside == 0


def test_a_run_waits_for_workers_as_long_as_any_of_them_may_come(monkeypatch) -> None:
    from ray import exceptions

    time = [0.0]
    monkeypatch.setattr(ray_pool, "monotonic", lambda: time[0])
    cluster = SimpleNamespace(nodes=[{"CPU": 2.0}])
    pool = ray_pool.RayPool.__new__(ray_pool.RayPool)
    vars(pool).update(
        _coming={}, _open={}, _actors={}, _cluster=cluster, _share=WorkerShare(2, 1), _expected=None, _path=[]
    )
    pool._source, pool._options = open_model("demo", Path()), RunOptions()
    pool._ray = SimpleNamespace(get=lambda answer: answer, exceptions=exceptions)
    for worker in (1, 2):
        pool._begin(worker, SimpleNamespace(ask=SimpleNamespace(remote=lambda *_: None)))
    time[0] = ray_pool.LONGEST_START - 1
    pool._check_patience()
    assert list(pool._event(1, None)) == []  # it is there, and reads the files of the model
    time[0] = ray_pool.LONGEST_START + 1
    pool._check_patience()
    time[0] += ray_pool.LONGEST_OPENING
    with pytest.raises(EngineError, match="could open the model demo in 60 minutes"):
        pool._check_patience()
    assert list(pool._event(1, None)) == [Came(1)]
    with pytest.raises(
        EngineError, match=r"Ray started no worker in 300 s\. Each needs 1 CPUs and 0 GPUs; .* 2 CPUs"
    ):
        pool._check_patience()


def test_a_ray_that_needs_all_its_processes_gets_them(monkeypatch) -> None:
    import ray
    from ray._private.node import Node

    started: list[bool] = []

    def init(**how: object) -> None:
        assert how["include_dashboard"] is False
        left_out = Node.start_api_server.__name__ != "start_api_server"
        started.append(not left_out)
        if left_out:
            raise RuntimeError("where is everybody?")

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    RayCluster("").close()
    assert started == [False, True]
    assert Node.start_api_server.__name__ == "start_api_server"
    monkeypatch.setattr(ray, "init", lambda **_: 1 / 0)
    with pytest.raises(EngineError, match="No cluster of Ray on this machine: division by zero"):
        RayCluster("")
