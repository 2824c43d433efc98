"""Who is given which piece: nothing is lost, nothing is wrong and all ends, whoever comes, goes and is slow."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from fake_pool import PIECE, FakePool, FakeServer, job, need, value
from hypothesis import given, settings
from hypothesis import strategies as st

from neuronclaims.engines.engine import EngineError
from neuronclaims.engines.remote.crew import TRIES
from neuronclaims.engines.remote.messages import WorkerTrouble
from neuronclaims.engines.remote.patience import LEAST, TIMES, UNKNOWN, Effort, Patience
from neuronclaims.engines.remote.remote import RemoteEngine
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import (
    IntegrityError,
    LostError,
    MeasurementError,
    MissingModelError,
    ModelError,
)
from neuronclaims.models.options import RunOptions

ITEMS = [f"text {number}" for number in range(11)]
JOBS = [job(ITEMS, 0), job(ITEMS[:5], 1, 2), job(ITEMS[4:5], 3)]
PIECES = sum(-(-len(each.items) // PIECE) for each in JOBS)


def measured(pool: FakePool, jobs=JOBS, most: float | None = None):
    """The values of a run by (need, text), its failures, and its progress; every value that came is right."""
    said = []
    engine = RemoteEngine("model", lambda: pool, said.append, Patience(most, lambda: pool.time))
    found = {}
    for finished in engine.run(jobs):
        for named, values in finished.values.items():
            for item, row in zip(finished.items, values, strict=True):
                place = next(each for each in jobs if named in each.needs).needs.index(named)
                assert np.array_equal(row, value(item, place))
                found[named, item] = row
    engine.close()
    assert pool.closed
    return found, engine.failures, said


def wanted(jobs=JOBS) -> set:
    return {(named, item) for each in jobs for named in each.needs for item in each.items}


@settings(max_examples=300, deadline=None)
@given(
    size=st.integers(1, 4),
    decisions=st.lists(st.integers(0, 63), max_size=120),
    deaths=st.integers(0, 12),
    kills=st.sets(st.sampled_from(ITEMS), max_size=2),
    refuses=st.sets(st.sampled_from(ITEMS), max_size=3),
    fails=st.sets(st.sampled_from(ITEMS), max_size=3),
)
def test_whatever_happens_all_is_measured_or_told(size, decisions, deaths, kills, refuses, fails) -> None:
    texts = {"kills": frozenset(kills), "refuses": frozenset(refuses), "fails": frozenset(fails)}
    pool = FakePool(size, decisions, deaths, lambda _: FakeServer(**texts))
    try:
        found, failures, said = measured(pool)
    except EngineError:  # who kills every worker before it has loaded the model ends the run
        assert deaths >= TRIES
        return
    assert found.keys() | failures.keys() == wanted()
    for (_, item), error in failures.items():
        if isinstance(error, LostError):
            assert f"{TRIES} workers ended" in str(error)
            assert "\x1b" not in str(error)
        else:
            assert (str(error), item in refuses | fails) == ("refused" if item in refuses else "failed", True)
    if deaths < TRIES and not kills:
        assert not any(isinstance(error, LostError) for error in failures.values())
    if not deaths and not kills:
        assert max(Counter(pool.ran).values(), default=1) == 1
        assert pool.started == size
    assert [step.done for step in said] == sorted(step.done for step in said)


@settings(max_examples=100, deadline=None)
@given(decisions=st.lists(st.integers(0, 63), max_size=80), size=st.integers(1, 3))
def test_a_text_that_ends_its_worker_fails_with_its_piece_alone_and_is_named(decisions, size) -> None:
    pool = FakePool(size, decisions, 0, lambda _: FakeServer(frozenset({ITEMS[3]})))
    found, failures, _ = measured(pool, JOBS[:1])
    # Its piece has the text before it as well; each of three tries took a worker, and each was replaced.
    assert {item for _, item in failures} == {ITEMS[2], ITEMS[3]}
    assert found.keys() | failures.keys() == wanted(JOBS[:1])
    assert pool.started == size + TRIES
    (text,) = {str(error) for error in failures.values()}
    assert text.startswith(
        "3 workers ended, each while it ran 'text 2', 'text 3': exit \\x1b[2J code 7. All else"
    )


@settings(max_examples=100, deadline=None)
@given(
    decisions=st.lists(st.integers(0, 63), max_size=80),
    size=st.integers(1, 3),
    hung=st.sampled_from([ITEMS[0], ITEMS[3], ITEMS[10]]),
    most=st.sampled_from([None, 300.0]),
)
def test_a_text_at_which_workers_hang_fails_with_its_piece_alone_in_finite_time(
    decisions, size, hung, most
) -> None:
    pool = FakePool(size, decisions, 0, lambda _: FakeServer(hangs=frozenset({hung})))
    pool.seconds = 10.0
    found, failures, _ = measured(pool, JOBS[:1], most)
    piece = ITEMS[ITEMS.index(hung) // PIECE * PIECE :][:PIECE]
    assert {item for _, item in failures} == set(piece)
    assert found.keys() | failures.keys() == wanted(JOBS[:1])
    assert (len(pool.ended), pool.started) == (TRIES, size + TRIES)
    (text,) = {str(error) for error in failures.values()}
    assert text.startswith(
        f"3 workers ended, each while it ran {', '.join(map(repr, piece))}: no answer for "
    )
    assert "minutes, so it was ended. All else" in text
    # Once another piece is known to take seconds, nobody waits for longer than the least.
    assert pool.time < TRIES * ((most or UNKNOWN) + 100) + 2000


@pytest.mark.parametrize("where", ["load", "prepare", "refused"])
def test_workers_that_hang_anywhere_end_the_run_or_the_job(where: str) -> None:
    pool = FakePool(2, server=lambda _: FakeServer(hangs=frozenset({where})))
    pool.seconds = 25.0
    if where == "prepare":
        found, failures, _ = measured(pool)
        assert (found, failures.keys()) == ({}, wanted())
    elif where == "load":
        with pytest.raises(EngineError, match="before they had loaded model: no answer for 60 minutes"):
            measured(pool)
    else:
        engine = RemoteEngine("model", lambda: pool, lambda _: None, Patience(clock=lambda: pool.time))
        with pytest.raises(EngineError, match="no answer for 60 minutes"):
            engine.refused([Activations("mlp_post", 0, TokenRule("last", "prompt"), ("a",))])


def test_patience_goes_by_the_slowest_and_counts_only_time_in_which_somebody_looked() -> None:
    time = [0.0]
    patience = Patience(clock=lambda: time[0])
    time[0] = 7200.0  # asleep, or writing to a slow disk: what was answered meanwhile was not seen
    patience.look()
    assert patience.now <= 60
    job, long = Effort.of(1, ("a" * 99,)), Effort.of(1, ("a" * 199, "b" * 99))
    assert patience.limit(job) == UNKNOWN
    patience.learn(job, 50.0)
    patience.learn(job, 5.0)
    assert patience.limit(long) == pytest.approx(TIMES * 50.0 * 3)
    patience.learn(Effort.of(2, ("a",)), 0.01)
    assert patience.limit(Effort.of(2, ("", ""))) == LEAST
    assert Patience(90.0).limit(None) == 90.0
    with pytest.raises(MeasurementError, match="number of minutes, not 'soon'"):
        RunOptions(patience="soon")
    assert RunOptions(patience="2.5").patience == 2.5


def test_others_load_the_model_while_one_asks_the_tokenizer() -> None:
    pool = FakePool(2, [0, 1, 1])  # one comes, two comes, and two answers first
    engine = RemoteEngine("model", lambda: pool, lambda _: None)
    engine.refused([Activations("mlp_post", 0, TokenRule("last", "prompt"), ("a",))])
    assert pool.answered == [(2, "load"), (1, "refused")]
    assert not engine.at_hand  # all may have been refused
    assert sum(len(each.items) for each in engine.run(JOBS[:1])) == len(ITEMS)
    assert engine.at_hand


class Together(FakePool):
    """A pool that tells at once all that happened."""

    def wait(self):
        found = []
        while any(asked for _, asked in self.live.values()):
            found += super().wait()
        return found


def test_all_workers_join_also_where_they_come_while_the_tokenizer_is_asked() -> None:
    said = []
    engine = RemoteEngine("model", lambda: Together(3), said.append)
    engine.refused([Activations("mlp_post", 0, TokenRule("last", "prompt"), ("a",))])
    (found,) = engine.run([job(ITEMS[:1])])
    assert len(found.items) == 1
    assert said[-1].workers == 3
    engine.close()


def test_pieces_go_to_whoever_is_free() -> None:
    slow = FakePool(2, [1, 0, 1, 0] + [0] * 3 + [1] * 60)  # the first worker answers last
    found, failures, said = measured(slow, [job([f"text {number}" for number in range(40)])])
    assert (len(found), failures) == (40, {})
    assert {step.workers for step in said if step.stage == "measuring"} == {1, 2}


def test_a_job_whose_preparation_ends_workers_fails_alone() -> None:
    class Picky(FakeServer):
        def prepare(self, number, job):
            if job.needs == JOBS[1].needs:
                return FakeServer(frozenset({"prepare"})).prepare(number, job)
            return super().prepare(number, job)

    found, failures, _ = measured(FakePool(2, server=lambda _: Picky()))
    assert failures.keys() == wanted([JOBS[1]])
    assert found.keys() == wanted([JOBS[0], JOBS[2]])


@pytest.mark.parametrize("size", [1, 2, 5])
def test_workers_that_cannot_load_are_an_error_and_no_endless_loop(size: int) -> None:
    pool = FakePool(size, server=lambda _: FakeServer(frozenset({"load"})))
    with pytest.raises(EngineError, match="workers in a row ended before they had loaded model: exit"):
        measured(pool)
    assert pool.started <= size + TRIES
    # One that can is enough.
    pool = FakePool(
        size + 1, server=lambda number: FakeServer(frozenset({"load"}) if number > 1 else frozenset())
    )
    found, failures, _ = measured(pool)
    assert (found.keys(), failures) == (wanted(), {})


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ModelError("no such folder"), ModelError),
        (MissingModelError("not there", "short"), ModelError),
        (IntegrityError("apart"), IntegrityError),
        (ZeroDivisionError("by zero"), EngineError),
    ],
)
def test_errors_of_a_worker_are_those_of_the_run(error: Exception, kind: type) -> None:
    class Failing(FakeServer):
        def run(self, number, piece):
            raise WorkerTrouble.of(error).error

    with pytest.raises(kind) as raised:
        measured(FakePool(server=lambda _: Failing()))
    assert str(error) in str(raised.value)


def test_workers_make_the_same_batches_or_the_run_ends() -> None:
    few = replace(RunOptions(), batch_prompts=3)
    made: list[FakeServer] = []

    def server(number: int) -> FakeServer:
        made.append(FakeServer(options=few if number == 1 else RunOptions()))
        return made[-1]

    long = [job([f"text {number}" for number in range(40)])]
    measured(FakePool(2, [0, 1] * 60, server=server), long)
    assert {each.options for each in made} in ({few}, {RunOptions()})
    with pytest.raises(IntegrityError, match="do not put the same texts together"):
        measured(FakePool(2, [0, 1] * 60, server=lambda number: FakeServer(piece=number)), long)


@settings(max_examples=60, deadline=None)
@given(decisions=st.lists(st.integers(0, 63), max_size=40), deaths=st.integers(0, TRIES - 1))
def test_the_tokenizer_is_asked_again_where_its_worker_ended(decisions, deaths) -> None:
    asks = [Activations("mlp_post", 0, TokenRule("last", "prompt"), (text,)) for text in ("short", "long")]
    engine = RemoteEngine("model", lambda: FakePool(2, decisions, deaths), lambda _: None)
    assert {each: str(error) for each, error in engine.refused(asks).items()} == {asks[1]: "too long"}
    assert not engine.at_hand
    assert engine.tolerance == 1e-3
    assert engine.at_hand
    found = list(engine.run(JOBS))
    assert sum(len(each.items) for each in found) == sum(len(each.items) for each in JOBS)
    assert isinstance(next(iter(engine.refused(asks).values())), MeasurementError)
    engine.close()


def test_a_tokenizer_that_ends_its_workers_is_an_error() -> None:
    engine = RemoteEngine(
        "model", lambda: FakePool(server=lambda _: FakeServer(frozenset({"refused"}))), lambda _: None
    )
    with pytest.raises(EngineError, match="while they turned the texts for model into tokens"):
        engine.refused([Activations("mlp_post", 0, TokenRule("last", "prompt"), ("a",))])
    assert need(0) == need(0)
