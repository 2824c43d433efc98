"""Show the claims at the end of a pytest run: a table in a wide terminal, a list in others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from neuronclaims.foreign_text import fitting, inert
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry, common_errors, families
from neuronclaims.reports.matrix import matrices
from neuronclaims.reports.terminal.by_models import SIGNS, by_models
from neuronclaims.reports.terminal.sketches import WIDTH, lines_of_all
from neuronclaims.reports.terminal.table import COLUMNS, EFFECTS, colour_of, id_lines, row, user_text
from neuronclaims.reports.wording import (
    counted,
    counts_text,
    dependent_lines,
    effect_texts,
    headline,
    model_lines,
    number,
    own_id,
    p_value,
    rank_text,
    reported_lines,
    selection_lines,
    tally,
    why,
)
from neuronclaims.results import Evidence, Result

INDENT = 16
"""Where remarks begin in the table: under the claim."""

WIDE = 146
"""From this width on there is a table; below, a list."""

BESIDE = 70
"""From this width on a list has distributions and effects side by side."""

TRAILING = re.compile(r"(?: |\x1b\[[0-9;]*m)+$")
UNUSUAL = "█▁─…"
"""What an encoding must be able to write for us to draw with more than ASCII."""


def draw(account: Account, *, width: int, colour: bool, verbosity: int = 0, encoding: str = "utf-8") -> str:
    """Return the claims of a session as text for a terminal of ``width`` columns.

    ``verbosity`` below 0 shows only what fails, above 0 every reason, effect and note.
    """
    entries = account.entries
    pen = _Pen(width, verbosity, *(fitting(text, encoding) != text for text in (UNUSUAL, SIGNS)))
    console = Console(
        file=StringIO(),
        width=max(width, 40),
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as captured:
        for place, part in enumerate(pen.parts(entries)):
            if place:
                console.print()
            console.print(*part, sep="\n")
        style = "bold red" if any(entry.failed for entry in entries) else "green"
        console.print(user_text(tally(entries), style))
        if account.partial:
            console.print(user_text(account.partial[0].upper() + account.partial[1:], "bold yellow"))
    lines = (TRAILING.sub(lambda end: end[0].replace(" ", ""), line) for line in captured.get().split("\n"))
    return fitting(inert(re.sub(r"\n{3,}", "\n\n", "\n".join(lines))), encoding)


@dataclass(frozen=True, slots=True)
class _Pen:
    """A pen that draws families of claims, for one width and one level of detail.

    ``plain`` keeps drawings to ASCII, ``plain_signs`` the marks of verdicts.
    """

    width: int
    verbosity: int
    plain: bool
    plain_signs: bool

    def parts(self, entries: Sequence[Entry]) -> Iterator[Iterator[RenderableType]]:
        """Yield each family, and after the last family of a file its claims by models if it has several."""
        by_file = {found.file: found for found in matrices(entries)} if self.verbosity >= 0 else {}
        told_of = families([entry for entry in entries if self.verbosity >= 0 or entry.failed])
        for place, (file, model, members) in enumerate(told_of):
            last = file not in [other for other, _, _ in told_of[place + 1 : place + 2]]
            of_file = [entry for entry in entries if entry.result.file == file] if last else []
            yield self.family(f"{file} on {model}", members, dependent_lines(of_file))
            if file in by_file and last:
                yield by_models(by_file[file], max(self.width, 40), self.plain_signs)

    def family(
        self, title: str, entries: Sequence[Entry], of_file: Sequence[str]
    ) -> Iterator[RenderableType]:
        """Yield a heading and its claims, and last what is said ``of_file``; with ``-v`` each claim says it.

        An error that many claims share comes once, after them.
        """
        heading, counts = user_text(title, "bold"), user_text(f"  {counted(entries)}", "dim")
        if self.verbosity >= 0 and heading.cell_len + counts.cell_len < self.width - 2:
            heading.append_text(counts)
        yield Rule(heading, align="left", style="dim", characters="-" if self.plain else "─")
        judged = [entry for entry in entries if entry.result.error is None]
        wide = self.width >= WIDE
        if judged and wide:
            yield row([user_text(column.title, "dim") for column in COLUMNS])
        for entry in judged:
            yield from self._in_table(entry) if wide else self._in_list(entry)
        for error, members in common_errors(entries):
            yield from self._broken(error, members)
        ways = None if self.verbosity > 0 else ("searched",)
        yield from (user_text(line, "dim") for line in selection_lines(entries, ways))
        if self.verbosity == 0:
            yield from (user_text(line, "dim") for line in of_file)
        if self.verbosity > 0:
            yield from (user_text(line, "dim") for line in model_lines(entries))

    def _in_table(self, entry: Entry) -> Iterator[RenderableType]:
        result, evidence = entry.result, entry.result.evidence
        verdict = Text("\n").join(self._verdict(entry))
        given = id_lines(own_id(result), self.width)
        claim = Group(user_text(result.sentence), *([user_text(given, "dim")] if given else []))
        if evidence is None:
            yield row([verdict, claim])
        else:
            p = user_text("")
            if evidence.test is not None:
                p.append(p_value(evidence.test.p_adjusted))
                p.append(f"\n{p_value(evidence.test.p_value)} raw", style="dim")
            effects = self._effects(evidence, EFFECTS)
            figure = user_text("\n".join(self._bars(evidence)), "cyan")
            yield row(
                [verdict, claim, effects, p, counts_text(evidence), user_text(rank_text(result)), figure]
            )
        yield from self._remarks(entry, indent=INDENT)

    def _in_list(self, entry: Entry) -> Iterator[RenderableType]:
        evidence = entry.result.evidence
        yield self._title(entry, entry.result.sentence)
        if evidence is not None:
            yield Padding(self._numbers(entry.result, evidence), (0, 0, 0, 2))
        yield from self._remarks(entry, indent=2)

    def _numbers(self, result: Result, evidence: Evidence) -> RenderableType:
        beneath = self.width < BESIDE
        bars = self._bars(evidence)
        effects = self._effects(evidence, self.width - 2 - (0 if beneath else WIDTH + 2))
        test = evidence.test
        p = f"p adj. {p_value(test.p_adjusted)} ({p_value(test.p_value)} raw)" if test else ""
        n = f"n {counts_text(evidence)}" if evidence.counts else ""
        rank = f"rank {rank_text(result)}" if evidence.rank else ""
        line = user_text(", ".join(filter(None, (p, n, rank))))
        drawn = user_text("\n".join(bars), "cyan")
        if beneath:
            return Group(effects, *([drawn] if bars else []), line)
        beside = Table.grid(padding=(0, 2, 0, 0))
        beside.add_column(min_width=WIDTH if bars else 0)
        beside.add_row(drawn, effects)
        return Group(beside, line)

    def _remarks(self, entry: Entry, indent: int) -> Iterator[RenderableType]:
        """Yield the remarks under a claim: its reason and what may mislead if needed, and everything with ``-v``."""
        result, lines = entry.result, []
        if self.verbosity > 0 or not result.as_expected or entry.failed:
            lines = [why(entry), *result.data.warnings]
        stands = result.evidence.robustness if result.evidence is not None else None
        if stands is not None and stands.warning and self.verbosity == 0:
            lines.append(stands.warning)
        if self.verbosity > 0:
            lines += [f"Because: {result.because}"] if result.because else []
            lines += reported_lines(result)
            lines += [
                f"Site: {result.where}. Tokens: {result.tokens}."
                if result.tokens
                else f"Read off the weights of {result.where}."
            ]
            if result.evidence is not None:
                evidence = result.evidence
                notes = [note for note in evidence.notes if note != evidence.selection.assumed]
                planned = evidence.plan.said if evidence.plan else ""
                told = [planned] if planned and planned not in lines[0] else []
                lines += [*_test_texts(evidence), *(stands.sentences if stands else ()), *told, *notes]
        yield from (Padding(user_text(line, "italic"), (0, 0, 0, indent)) for line in lines)
        if lines or self.width < WIDE:
            yield Text("")

    def _broken(self, error: str, entries: Sequence[Entry]) -> Iterator[RenderableType]:
        if len(entries) == 1:
            yield self._title(entries[0], entries[0].result.sentence)
        else:
            yield self._title(entries[0], f"{len(entries)} claims: {_listed([e.result.id for e in entries])}")
        yield Padding(user_text(error, "italic"), (0, 0, 0, 2))
        yield Text("")

    def _title(self, entry: Entry, text: str) -> RenderableType:
        """Return verdict, id and sentence on one line if they fit, otherwise the sentence indented below."""
        given = own_id(entry.result) if entry.result.sentence == text else ""
        head, sentence = Text(" ").join(self._verdict(entry)), user_text(text)
        if given:
            head.append_text(user_text(f"  {given}", "dim"))
        if head.cell_len + 2 + sentence.cell_len <= self.width:
            return Text.assemble(head, "  ", sentence)
        return Group(head, Padding(sentence, (0, 0, 0, 2)))

    def _verdict(self, entry: Entry) -> list[Text]:
        word, note = headline(entry)
        colour = colour_of(entry)
        return [user_text(word.upper(), f"bold {colour}"), *([user_text(note, colour)] if note else [])]

    def _effects(self, evidence: Evidence, width: int) -> Text:
        """Return the effect behind the verdict and, paler, the next one, or all of them with ``-v``."""
        told_of = [evidence.effect, *evidence.other_effects[: None if self.verbosity > 0 else 1]]
        lines = effect_texts(told_of, evidence.test is None, width)
        own = len(effect_texts(told_of[:1], evidence.test is None, width)) if len(lines) > len(told_of) else 1
        first, others = "\n".join(lines[:own]), "\n".join(lines[own:])
        return user_text(first).append_text(user_text(f"\n{others}" if others else "", "dim"))

    def _bars(self, evidence: Evidence) -> list[str]:
        return lines_of_all(evidence.figures, ascii_only=self.plain, everything=self.verbosity > 0)


def _listed(names: Sequence[str], most: int = 6) -> str:
    shown = names if len(names) <= most else [*names[: most - 1], f"and {len(names) - most + 1} more"]
    return ", ".join(shown)


def _test_texts(evidence: Evidence) -> list[str]:
    test = evidence.test
    if test is None:
        return ["No test: chance has no part in this number."]
    statistic = "" if test.statistic is None else f"statistic {number(test.statistic)}, "
    return [f"Test: {test.method}; {statistic}alternative {test.alternative}; {test.corrected}."]
