"""Trials of damaged files, each sort in a process that is watched: tracebacks, hangs, wrong values, memory."""

from __future__ import annotations

import os
import resource
import selectors
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.trial import Fuzz, WrongError

PATIENCE = 10.0
"""Seconds of processor time after which a trial hangs; also of waiting, where it uses no processor."""


@dataclass(slots=True)
class Tally:
    """What came of the trials of one sort of file; ``slowest`` in seconds of processor time, ``memory`` in bytes."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0
    memory: int = 0


def fuzzed(fuzz: Fuzz, trials: int) -> Tally:
    """Run trials with seeds from 0, and go on behind one that hangs or ends its process."""
    tally, seed = Tally(), 0
    while seed < trials:
        seed = _watched(fuzz, seed, trials, tally)
    return tally


def _watched(fuzz: Fuzz, first: int, trials: int, tally: Tally) -> int:
    """Run trials in one process, and return the seed to go on with."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _trials(fuzz, first, trials, os.fdopen(writing, "w"))
    os.close(writing)
    seed, used, since = first - 1, 0.0, time.monotonic()
    with os.fdopen(reading) as told, selectors.DefaultSelector() as selector:
        os.set_blocking(told.fileno(), False)
        selector.register(told, selectors.EVENT_READ)
        rest = ""
        while True:
            data = ""
            if selector.select(1.0):
                data = told.read() or ""
                if not data:
                    break
            lines = (rest + data).split("\n")
            rest = lines.pop()
            for line in lines:
                word, _, text = line.partition(" ")
                if word == "begin":
                    seed, used, since = int(text), _processor(child), time.monotonic()
                elif word == "fault":
                    tally.faults.append(f"{fuzz.name}, seed {seed}: {text}")
                else:
                    seconds, memory, outcome = text.split(" ", 2)
                    tally.outcomes[outcome] += 1
                    tally.slowest = max(tally.slowest, float(seconds))
                    tally.memory = max(tally.memory, int(memory))
            worked, waited = _processor(child) - used, time.monotonic() - since
            if worked > PATIENCE or (waited > 60 and worked < 1):
                os.kill(child, signal.SIGKILL)
                tally.outcomes["WRONG: a hang"] += 1
                tally.faults.append(f"{fuzz.name}, seed {seed}: hangs")
                break
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        return trials
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
        tally.outcomes["WRONG: the process ended"] += 1
        tally.faults.append(f"{fuzz.name}, seed {seed}: the process ended with status {status}")
    return seed + 1


def _trials(fuzz: Fuzz, first: int, trials: int, tell: object) -> None:
    """Run trials and end this process."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("begin", first, file=tell, flush=True)
        fuzz.prepare(folder)
        for seed in range(first, trials):
            print("begin", seed, file=tell, flush=True)
            start = time.process_time()
            try:
                outcome = fuzz.trial(folder, seed)
            except WrongError as error:
                outcome = "WRONG: a wrong value or message"
                print("fault", repr(error)[:500], file=tell)
            except BaseException as error:
                outcome = "WRONG: a traceback"
                place = traceback.extract_tb(error.__traceback__)[-1]
                print("fault", repr(error)[:500], f"{place.filename}:{place.lineno}", file=tell)
            seconds, memory = (
                time.process_time() - start,
                resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            )
            print("end", f"{seconds:.3f}", memory, outcome, file=tell, flush=True)
    os._exit(0)


def _processor(process: int) -> float:
    """Return the seconds of processor time that a process has used."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def table(tallies: dict[str, Tally]) -> list[str]:
    """Return the outcomes as lines of a Markdown table."""
    lines = ["| files | trials | outcomes | slowest | peak memory |", "|---|---|---|---|---|"]
    for name, tally in tallies.items():
        outcomes = ", ".join(f"{outcome}: {count:,}" for outcome, count in sorted(tally.outcomes.items()))
        lines.append(
            f"| {name} | {sum(tally.outcomes.values()):,} | {outcomes} | {tally.slowest:.1f} s | "
            f"{tally.memory / 1e6:,.0f} MB |"
        )
    return lines


if __name__ == "__main__":
    sys.exit("Run benchmarks/reliability.py --files.")
