"""The whole forecast on an engine whose times are made up: it is what a run takes, to the second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from pathlib import Path
from types import MappingProxyType

import pytest
from safetensors import safe_open

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.engines.forecast import Forecast, Ways, forecast
from neuronclaims.engines.stopwatch import Stopwatch
from neuronclaims.measurements import Activations, Measurement, TokenRule
from neuronclaims.measurements.documents.readout import Readout
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.plan import Job, jobs, union
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import open_model
from neuronclaims.planning.summary import _taken

IMPORTING, LOADING, PROVING = 1.5, 2.0, 0.25
CALL, TOKEN, AT_ONCE = 0.5, 1 / 1024, 4
"""Seconds of one call of the model, and of one token, and how many texts share a call."""

PROMPTS = tuple(f"prompt {number}" for number in range(30))
DOCUMENTS = tuple(f"document {number}" for number in range(10))
LENGTHS = dict.fromkeys(PROMPTS, 8) | {text: 20 + 10 * number for number, text in enumerate(DOCUMENTS)}
ASKED = (
    Activations("mlp_post", 5, TokenRule("last", "prompt"), PROMPTS),
    Readout("mlp_post", 3, 7, " an", (0.0, 1.0), DOCUMENTS),
)


class FakeClock:
    """Time that passes only where something is said to take some."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class FakeEngine:
    """Runs nothing: a call takes ``CALL`` seconds and ``TOKEN`` for each token; one text is run again alone."""

    def __init__(self, clock: FakeClock, fails: bool = False, call: float = CALL) -> None:
        self.clock, self.fails, self.call = clock, fails, call
        self.watch: Stopwatch | None = None
        self.jobs: list[Job] = []
        self.failures: dict[object, MeasurementError] = {}

    def opened(self, watch: Stopwatch) -> FakeEngine:
        self.watch = watch
        self.clock.now += IMPORTING
        watch.imported(IMPORTING)
        return self

    def prove(self, work: Sequence[Job]) -> None:
        self.clock.now += LOADING
        self.watch.loaded(LOADING, model=True)
        places = {place for job in work for need in job.needs for place in need.places}
        self.clock.now += PROVING * len(places)
        self.watch.proved(len(places), PROVING * len(places))

    def run(self, work: Sequence[Job]) -> Iterator[None]:
        for job in work:
            self.jobs.append(job)
            alone = job.needs[0].text == "document"
            calls = len(job.items) if alone else -(-len(job.items) // AT_ONCE)
            self.clock.now += self.call * (calls + 1) + TOKEN * sum(LENGTHS[text] for text in job.items)
            if self.fails:
                self.failures[job.items] = MeasurementError("it has no such token")
            yield None


def foretold(
    monkeypatch,
    engine: FakeEngine,
    asked: Sequence[Measurement] = ASKED,
    said: Mapping[str, object] = MappingProxyType({}),
    **ways: object,
) -> Forecast:
    monkeypatch.setattr("neuronclaims.engines.pilot.open_local", lambda *given: engine.opened(watch=given[3]))
    made = Ways(options=RunOptions(batch_prompts=AT_ONCE, **said), clock=engine.clock, **ways)
    return forecast(open_model("demo", Path()), asked, LENGTHS, None, made)


def test_a_forecast_is_what_the_run_takes(monkeypatch) -> None:
    found = foretold(monkeypatch, FakeEngine(FakeClock()))
    assert found.piloted
    assert found.untimed is None
    assert found.start == pytest.approx(IMPORTING + LOADING + 2 * PROVING)
    # 30 prompts are 8 calls, one more alone, and 240 tokens; 10 documents 10 calls, one more, and 650 tokens.
    assert found.by_work == {
        "activations": pytest.approx(9 * CALL + 240 * TOKEN),
        "documents": pytest.approx(11 * CALL + 650 * TOKEN),
    }
    assert (found.calls, found.tokens, found.texts, found.cached) == (20, 890, 40, 0)
    run = FakeEngine(FakeClock())
    run.opened(watch=Stopwatch(run.clock))
    work = jobs(union(open_model("demo", Path()).facts(), ASKED))
    run.prove(work)
    assert len(list(run.run(work))) == 2
    assert found.seconds == pytest.approx(run.clock.now)


def test_a_pilot_is_short_and_its_speeds_are_kept(tmp_path, monkeypatch) -> None:
    engine = FakeEngine(FakeClock())
    cache = RunCache(tmp_path)
    first = foretold(monkeypatch, engine, cache=cache)
    # One prompt first, since a process begins slowly; of each sort two texts, then as many as share a call.
    assert sorted(len(job.items) for job in engine.jobs) == [1, 2, 2, 4, 4]
    again = foretold(monkeypatch, FakeEngine(FakeClock()), cache=cache, pilot=False)
    assert again.seconds == pytest.approx(first.seconds)
    assert not again.piloted
    assert again.note is None


def test_each_sort_of_work_is_tried_on_a_machine_so_slow_that_the_time_is_over_before(monkeypatch) -> None:
    engine = FakeEngine(FakeClock(), call=30.0)
    found = foretold(monkeypatch, engine)
    assert sorted(len(job.items) for job in engine.jobs) == [1, 2, 2]
    assert set(found.by_work) == {"activations", "documents"}
    assert found.seconds > 20 * 30


def test_texts_that_fail_in_the_pilot_leave_the_time_unknown(monkeypatch) -> None:
    found = foretold(monkeypatch, FakeEngine(FakeClock(), fails=True))
    assert found.seconds is None
    assert found.untimed == "no speed is kept for activations, documents, and its texts failed in the pilot"


START, TIMED = IMPORTING + LOADING + 2 * PROVING, (9 * CALL + 240 * TOKEN, 11 * CALL + 650 * TOKEN)
"""Seconds until the model is there, and of prompts and of documents in one process."""


@pytest.mark.parametrize(
    ("workers", "seconds"),
    [
        (1, sum(TIMED)),
        # The documents are one batch, which one worker takes while others take the eight batches of prompts.
        (2, TIMED[1]),
        (4, TIMED[1]),
    ],
)
def test_work_is_divided_among_workers_batch_by_batch(monkeypatch, workers, seconds) -> None:
    found = foretold(monkeypatch, FakeEngine(FakeClock()), said={"engine": f"ray:{workers}"})
    assert found.seconds == pytest.approx(START + 5 + seconds)
    assert sum(found.by_work.values()) == pytest.approx(seconds)
    prompts = foretold(
        monkeypatch, FakeEngine(FakeClock()), ASKED[:1], said={"engine": f"ray:{workers}:auto"}
    )
    assert prompts.seconds == pytest.approx(START - PROVING + 5 + TIMED[0] / workers)
    each = found.memory
    assert each.total == each.libraries + each.rows  # the model is in the workers
    assert _said(found, "time").startswith("about")
    assert f"with {workers} worker{'s' if workers > 1 else ''} of ray" in _said(found, "time")
    assert f"for each of the {workers} workers of ray" in _said(found, "memory")


def test_of_workers_whose_number_is_not_said_the_time_is_that_of_one_process(monkeypatch) -> None:
    found = foretold(monkeypatch, FakeEngine(FakeClock()), said={"engine": "ray"})
    assert found.seconds == pytest.approx(START + sum(TIMED))
    assert "in one process" in _said(found, "time")
    assert "as in ray:4" in _said(found, "time")


def _said(found: Forecast, label: str) -> str:
    return dict(_taken(found, None))[label]


@pytest.mark.parametrize("cached", [True, False])
def test_values_over_the_bound_are_on_disk_and_not_in_memory(monkeypatch, tmp_path, cached) -> None:
    texts = tuple(f"text {number}" for number in range(2_000))
    monkeypatch.setitem(globals(), "LENGTHS", LENGTHS | dict.fromkeys(texts, 8))
    [asked] = [Activations("mlp_post", 5, TokenRule("last", "prompt"), texts)]
    cache = RunCache(tmp_path) if cached else None
    found = foretold(
        monkeypatch, FakeEngine(FakeClock()), [asked], {"memory": 2**20}, pilot=False, cache=cache
    )
    whole = 2_000 * 512 * 4
    assert found.memory.rows == 2**20
    assert found.scratch == (whole - 2**19) * (1 if cached else 2)
    free = foretold(monkeypatch, FakeEngine(FakeClock()), [asked], {"memory": 2**30}, pilot=False)
    assert (free.memory.rows, free.scratch) == (whole, 0)
    assert "in files that are gone when it ends" in _said(found, "disk")
    assert "gone" not in _said(free, "disk")


def tensors() -> dict[str, int]:
    """Return the bytes of the demo model's tensors in float32."""
    sizes: dict[str, int] = {}
    for path in MODEL_FOLDER.glob("*.safetensors"):
        with safe_open(path, framework="np") as file:
            for name in file.keys():  # noqa: SIM118  # it is no dict
                sizes[name] = 4 * prod(file.get_slice(name).get_shape())
    return sizes


def test_weights_that_a_device_map_puts_elsewhere_take_no_memory(monkeypatch) -> None:
    sizes = tensors()
    of_block = [sum(size for name, size in sizes.items() if f".{block}." in name) for block in range(6)]
    others = sum(sizes.values()) - sum(of_block)
    said = {
        "no map": {},
        "sizes": {"device_map": "auto", "max_memory": {"cpu": "1MiB"}},
        "a GPU": {"device_map": "auto", "max_memory": {0: "2MiB", "cpu": "1GiB"}},
        "modules": {
            "device_map": dict.fromkeys(
                ("transformer.wte", "transformer.wpe", "transformer.ln_f", "lm_head"), "cpu"
            )
            | {"transformer.h": "disk"}
        },
    }
    found = {
        name: foretold(monkeypatch, FakeEngine(FakeClock()), said=each, pilot=False).memory
        for name, each in said.items()
    }
    whole = found["no map"].weights
    assert (whole, found["no map"].elsewhere) == (sum(sizes.values()), 0)
    largest = max(*of_block, *(size for name, size in sizes.items() if ".h." not in f".{name}"))
    assert found["sizes"].weights == 2**20 + largest
    assert found["a GPU"].weights == min(whole, whole - 2**21 + largest)
    assert found["modules"].weights == min(whole, others + largest)
    for each in found.values():
        assert each.weights + each.elsewhere == whole


def test_without_a_pilot_nothing_is_opened(monkeypatch) -> None:
    engine = FakeEngine(FakeClock())
    found = foretold(monkeypatch, engine, pilot=False)
    assert engine.watch is None
    assert found.seconds is None
    assert found.calls == 20
