"""What a user sees in the terminal."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from inner import MORE, claim_text, session_of_a_new_python, write_project

from neuronclaims.models.options import Progress
from neuronclaims.pytest_session.messages import Message, write_line
from neuronclaims.pytest_session.progress import Clock, Live, duration

HOLDS = f"{{id: holds, claim: neuron 0:0 {MORE}, because: built so}}"
OPPOSITE = f"{{id: opposite, claim: neuron 0:1 {MORE}}}"
UNDECIDED = f"{{id: undecided, claim: neuron 0:2 {MORE}}}"


def claims_section(result: pytest.RunResult) -> list[str]:
    lines = result.outlines
    begin = next(place for place, line in enumerate(lines) if re.fullmatch(r"=+ claims =+", line))
    return lines[begin + 1 :]


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 145, 146, 200])
def test_the_claims_fit_every_width(write, run, monkeypatch, columns) -> None:
    write(people=claim_text(HOLDS, OPPOSITE, UNDECIDED, f"{{id: gone, claim: neuron 7:0 {MORE}}}"))
    monkeypatch.setenv("COLUMNS", str(columns))
    section = claims_section(run("-v"))
    drawn = section[: next(i for i, line in enumerate(section) if line.startswith("===")) - 1]
    assert max(map(len, drawn)) <= columns
    assert not [line for line in drawn if line != line.rstrip()]
    assert "\n\n\n" not in "\n".join(drawn)
    text = " ".join(" ".join(drawn).split())
    for part in (
        "SUPPORTED",
        "REFUTED",
        "INCONCLUSIVE",
        "BROKEN",
        "rank",
        "1 of 6",
        "8 + 8",
        "built so",
        "p adj.",
    ):
        assert part in text, part
    titles = [line for line in drawn if line.startswith("verdict")]
    assert len(titles) == (columns >= 146)


def test_rows_of_the_table_stand_under_their_titles(write, run, monkeypatch) -> None:
    write(people=claim_text(HOLDS, UNDECIDED))
    monkeypatch.setenv("COLUMNS", "160")
    section = claims_section(run())
    titles = next(line for line in section if line.startswith("verdict"))
    for row in (line for line in section if line.startswith(("SUPPORTED", "INCONCLUSIVE  "))):
        for title, start in {
            "claim": "neuron 0:",
            "effect with": "diff. ",
            "n  ": "8 + 8",
            "rank in": "",
        }.items():
            assert row[titles.index(title) :].startswith(start), (title, row)
        assert row[titles.index("p adj.") + 5] in "0123456789"


@pytest.mark.parametrize(
    ("flags", "seen", "unseen"),
    [
        (["-q"], ["REFUTED", "1 refuted"], ["SUPPORTED  ", "loading the model"]),
        (["-qq"], ["REFUTED people.claims.yaml::model::opposite"], ["= claims =", "rank"]),
        (["--no-summary"], ["1 failed"], ["= claims =", "REFUTED people", "rank"]),
        (
            ["-v"],
            ["Because: built so", "Test: exact permutation of 16 prompts", "Site: resid_post. Tokens: "],
            [],
        ),
        (["-s"], ["SUPPORTED  ", "loading the model, measuring 16 prompts"], []),
        (["--capture=no", "-rN"], ["SUPPORTED  "], ["short test summary"]),
    ],
)
def test_as_much_is_said_as_was_asked_for(write, run, flags, seen, unseen) -> None:
    write(people=claim_text(HOLDS, OPPOSITE))
    text = run(*flags).stdout.str()
    assert [part for part in seen if part not in text] == []
    assert [part for part in unseen if part in text] == []


def test_progress_leaves_pytests_lines_whole(write, run) -> None:
    write(people=claim_text(HOLDS, OPPOSITE, models="model, other"))
    lines = [
        line.rstrip()
        for line in run().outlines
        if line.startswith("people.claims.yaml ") and " on " not in line
    ]
    assert [re.sub(r" +\[ *\d+%\]", "", line) for line in lines] == [
        "people.claims.yaml model: loading the model, measuring 16 prompts",
        "people.claims.yaml .Fother: loading the model, measuring 16 prompts",
        "people.claims.yaml .F",
    ]


class Screen:
    """Enough of a terminal to see what is left on it."""

    def __init__(self) -> None:
        self.lines, self.row, self.column = [""], 0, 0

    def write(self, text: str) -> None:
        for part in re.findall(r"\x1b\[\d*[A-Za-z]|\r|\n|[^\r\n\x1b]+", text):
            line = self.lines[self.row]
            if part == "\r":
                self.column = 0
            elif part == "\n":
                self.row, self.column = self.row + 1, 0
                self.lines += [""] * (self.row + 1 - len(self.lines))
            elif part == "\x1b[K":
                self.lines[self.row] = line[: self.column]
            elif part == "\x1b[A":
                self.row -= 1
            elif part.startswith("\x1b"):
                self.column = int(part[2:-1]) - 1
            else:
                self.lines[self.row] = (
                    line.ljust(self.column)[: self.column] + part + line[self.column + len(part) :]
                )
                self.column += len(part)


def test_on_a_terminal_progress_counts_below_the_line_and_is_gone_afterwards() -> None:
    screen = Screen()

    class Writer:
        fullwidth = 40
        width_of_current_line = 19

        def write_raw(self, text: str, flush: bool = False) -> None:
            screen.write(text)

    reporter = SimpleNamespace(verbosity=0, config=SimpleNamespace(get_terminal_writer=Writer))
    screen.write("people.claims.yaml ")
    live = Live(reporter, None)
    seen = []
    for stage, done, total in [
        ("loading", 0, 1),
        ("loading", 1, 1),
        ("measuring", 0, 9),
        ("measuring", 9, 9),
    ]:
        live(Progress(stage, done, total, "m"))
        seen.append(screen.lines[-1])
    live.pytest_runtest_logreport(SimpleNamespace(nodeid="people.claims.yaml::model::holds"))
    screen.write(".")
    assert seen == [
        "m: loading the model",
        "m: loading the model",
        "m: measuring 9 prompts",
        "m: measured 9 of 9 prompts",
    ]
    assert screen.lines == ["people.claims.yaml .", ""]


def test_the_time_left_is_what_the_rest_takes_at_the_pace_so_far() -> None:
    now = 100.0
    clock = Clock(lambda: now)
    left = []
    for stage, done, moment in [
        ("loading", 0, 100.0),
        ("loading", 1, 130.0),
        ("measuring", 0, 140.0),
        ("measuring", 10, 150.0),
        ("measuring", 40, 160.0),
        ("measuring", 50, 170.0),
    ]:
        now = moment
        left.append(clock.left(Progress(stage, done, 50 if stage == "measuring" else 1, "m")))
    # 10 prompts took 10 s, so 40 take 40 s; 40 took 20 s, so 10 take 5 s.
    assert left == [None, None, None, 40.0, 5.0, 0.0]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (7.4, "7 s"), (23, "25 s"), (61, "1 min"), (600, "10 min"), (3700, "1 h 2 min")],
)
def test_times_are_said_no_finer_than_they_are_known(seconds: float, said: str) -> None:
    assert duration(seconds) == said


EVIL = "\\x1b[31mred\\a [bold]x[/bold] </script> \\u202egnp.exe"


def test_what_users_write_cannot_move_the_cursor_nor_become_markup(write, run) -> None:
    odd = f'{{id: odd, claim: neuron 0:0 {MORE}, because: "{EVIL}", xfail: {{reason: "{EVIL}"}}}}'
    broken = "{id: broken, claim: neuron 0:0 activates more for bad than short}"
    write(people=claim_text(odd, broken, bad=["[bold]unmeasurable\x1b[2J", "plain"]))
    result = run("-v", "--color=no")
    text = result.stdout.str()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert r"Because: \x1b[31mred\x07 [bold]x[/bold] </script> \u202egnp.exe" in " ".join(text.split())
    assert "[bold]unmeasurable" in text
    result.stdout.fnmatch_lines(
        [r"people.claims.yaml:11: supported, though marked xfail (\x1b[[]31mred\x07 *"]
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_block_characters_gets_plain_drawings(tmp_path, encoding) -> None:
    write_project(
        tmp_path, people=claim_text(f"{{id: holds, claim: neuron 0:0 {MORE}, because: 'Hà Nội'}}", UNDECIDED)
    )
    done = session_of_a_new_python(tmp_path, "-v", PYTHONIOENCODING=f"{encoding}:strict", PYTHONUTF8="0")
    assert done.returncode == 1
    section = done.stdout[done.stdout.index(" claims =") :]
    assert "\\n" not in section
    assert "SUPPORTED  holds  neuron 0:0" in section
    assert "\\u1ed9i" in section
    assert re.search(r"[.:=+*#@-]+ +tall ", section)
    assert "----" in section


def test_messages_on_a_terminal_end_their_lines_between_words() -> None:
    lines: list[str] = []
    text = f"people.claims.yaml:11: refuted: {'a-word-that-is-longer-than-a-line ' * 2}and some shorter ones"
    Message(text).toterminal(SimpleNamespace(fullwidth=30, line=lines.append))
    assert " ".join(lines) == text
    assert all(len(line) <= 30 or " " not in line for line in lines)


def test_lines_of_ours_end_between_words_on_a_terminal_and_stay_whole_in_logs() -> None:
    lines: list[str] = []
    text = f"LOST people.claims.yaml::model::holds - was supported, {'and so on ' * 5}".strip()

    def written(isatty: bool) -> list[str]:
        lines.clear()
        config = SimpleNamespace(get_terminal_writer=lambda: SimpleNamespace(fullwidth=40))
        reporter = SimpleNamespace(
            isatty=isatty, config=config, write_line=lambda line, **marks: lines.append(line)
        )
        write_line(reporter, text, red=True)
        return lines

    assert written(False) == [text]
    assert " ".join(line.strip() for line in written(True)) == text
    assert len(lines) > 2
    assert all(len(line) <= 40 for line in lines)
    assert all(line.startswith("  ") for line in lines[1:])


def test_colour_is_pytests_to_decide(write, run, monkeypatch) -> None:
    write(people=claim_text(HOLDS))
    assert "\x1b[1;32mSUPPORTED\x1b[0m" in run("--color=yes").stdout.str()
    assert "\x1b" not in run("--color=no").stdout.str()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run().stdout.str()


def test_a_step_that_takes_long_gives_signs_of_life_until_it_is_stopped(monkeypatch) -> None:
    import os

    from neuronclaims.pytest_session import ticker

    monkeypatch.setattr(ticker, "EVERY", 0.01)
    read, write = os.pipe()
    running = ticker.Ticker(write, lambda times: f"{times};")
    seen = b""
    while seen.count(b";") < 3:
        seen += os.read(read, 100)
    running.stop()
    os.close(write)
    while more := os.read(read, 100):  # ends, as nobody writes any more
        seen += more
    os.close(read)
    assert seen.decode().split(";")[:3] == ["1", "2", "3"]


def test_no_sign_of_life_is_written_after_an_interrupt() -> None:
    import os
    import threading

    from neuronclaims.models.options import Progress
    from neuronclaims.pytest_session.progress import Logged

    read, write = os.pipe()
    with os.fdopen(read), os.fdopen(write, "w") as file:
        reporter = SimpleNamespace(
            verbosity=0, _tw=SimpleNamespace(_file=file), write=lambda text, **_: file.write(text)
        )
        shown = Logged(reporter, None)
        shown(Progress("loading", 0, 1, "m"))
        assert any(thread.name == "neuronclaims-ticker" for thread in threading.enumerate())
        shown.pytest_sessionfinish()  # the last lines of pytest come after it, also where Ctrl-C was pressed
        assert not any(thread.name == "neuronclaims-ticker" for thread in threading.enumerate())
