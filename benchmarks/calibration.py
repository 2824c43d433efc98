"""Calibrate in public: put claim files to known values, judge every number by its limits, write docs/calibration.md.

    python benchmarks/calibration.py [--long] [--only V4 ...] [--jobs 2]

Finished cells are kept in benchmarks/.calibration/; a run that was stopped goes on where it was. The status
is 1 when any number is outside its limits.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy loads: cells run beside each other instead
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [path for path in (str(HERE), str(HERE.parent)) if path not in sys.path]

from calibration_cells.cell import Cell  # noqa: E402
from calibration_cells.page import Run, judged, numbers, page  # noqa: E402
from calibration_cells.registry import chosen  # noqa: E402
from calibration_cells.store import Done, Store  # noqa: E402
from rich.console import Console  # noqa: E402


def main(arguments: list[str] | None = None, console: Console | None = None) -> int:
    """Run the command; return 0 when every number keeps its limits."""
    options = _options().parse_args(arguments)
    console = console or Console(highlight=False)
    cells = chosen(options.only)
    if not cells:
        console.print(f"No cell is named {', '.join(options.only)}.")
        return 2
    wanted = [(cell, _repetitions(cell, options)) for cell in cells]
    done = _all(wanted, options, console)
    run = Run("long" if options.long else "short", options.seed, [(c, n, done[c.key]) for c, n in wanted])
    if options.write or not (options.only or options.repetitions):
        options.docs.mkdir(parents=True, exist_ok=True)
        (options.docs / "calibration.md").write_text(page(run), encoding="utf-8")
        (options.docs / "calibration.json").write_text(numbers(run), encoding="utf-8")
        console.print(f"Wrote calibration.md and calibration.json to {options.docs.name}/.")
    return _report(run, console)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Calibrate the statistics of neuronclaims by simulation.")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--short", action="store_true", help="the published form (default)")
    form.add_argument("--long", action="store_true", help="about ten times the data sets")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="CELL", help="V6, or V6/pairs; writes no page"
    )
    parser.add_argument("--repetitions", type=int, metavar="N", help="data sets per number, to try a cell")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes side by side (default 1)")
    parser.add_argument("--fresh", action="store_true", help="run again what was finished before")
    parser.add_argument("--write", action="store_true", help="write the page even for chosen cells")
    parser.add_argument(
        "--store", type=Path, default=HERE / ".calibration", help="where finished cells are kept"
    )
    parser.add_argument("--docs", type=Path, default=HERE.parent / "docs", help="where the page is written")
    return parser


def _repetitions(cell: Cell, options: argparse.Namespace) -> int:
    return int(options.repetitions or (cell.long if options.long else cell.short))


def _all(wanted: list[tuple[Cell, int]], options: argparse.Namespace, console: Console) -> dict[str, Done]:
    """Return all cells by key, from the store where they are finished, running the others."""
    store, done, missing = Store(options.store), {}, []
    for cell, repetitions in wanted:
        kept = None if options.fresh else store.read(cell, repetitions, options.seed)
        if kept is None:
            missing.append((cell, repetitions))
        else:
            done[cell.key] = kept
    if done:
        console.print(f"{len(done)} of {len(wanted)} cells were finished before.")
    for cell, repetitions, result in _finished(missing, options.seed, options.jobs):
        store.write(cell, repetitions, options.seed, result)
        done[cell.key] = result
        limited, failed = judged(result.rows)
        fate = f"[red]{failed} of {limited} outside[/]" if failed else f"{limited} within limits"
        console.print(f"{len(done):>3}/{len(wanted)}  {cell.key:<28} {result.seconds:6.1f} s  {fate}")
    return done


def _finished(missing: list[tuple[Cell, int]], seed: int, jobs: int) -> Iterator[tuple[Cell, int, Done]]:
    if jobs <= 1:
        for cell, repetitions in missing:
            yield cell, repetitions, _timed(cell, repetitions, seed)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {pool.submit(_by_key, cell.key, n, seed): (cell, n) for cell, n in missing}
        for future in as_completed(waiting):
            yield (*waiting[future], future.result())


def _by_key(key: str, repetitions: int, seed: int) -> Done:
    return _timed(chosen([key])[0], repetitions, seed)


def _timed(cell: Cell, repetitions: int, seed: int) -> Done:
    start = time.process_time()
    rows = cell.run(repetitions, seed)
    return Done(rows, time.process_time() - start)


def _report(run: Run, console: Console) -> int:
    rows = [(cell.key, row) for cell, _, done in run.cells for row in done.rows]
    limited, failed = judged(row for _, row in rows)
    for key, row in rows:
        if row.outcome == "fail":
            case = ", ".join(f"{name} {value}" for name, value in row.case.items())
            console.print(
                f"[red]outside[/] {key}: {row.measure}, {case}: {row.value:.4f}, "
                f"allowed {row.low if row.low is not None else '...'} to {row.high if row.high is not None else '...'}"
            )
    console.print(f"{limited - failed} of {limited} numbers within their limits.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
