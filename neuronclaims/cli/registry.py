"""The one list of all commands; each file is loaded when its command runs or tells about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

FILES, RUNS, BASELINES, READING, MORE = (
    "Claim files",
    "Models and measurements",
    "Baselines",
    "Reading results",
    "More",
)
"""The titles under which ``neuronclaims --help`` lists commands, in this order."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: the file of its function ``run``, one sentence about it, and its actions if it has several.

    ``place`` is the file below this folder, such as ``files.check``; the command is called as the file is. The first
    line of the function's docstring is the sentence. ``EXAMPLES`` in the file are command lines that help shows.

    >>> Command("files.check", FILES, "Read claim files.").name
    'check'
    """

    place: str
    title: str
    summary: str
    actions: tuple[Command, ...] = ()

    @property
    def name(self) -> str:
        """The name by which the command is called."""
        return self.place.rpartition(".")[2].replace("_", "-")

    def load(self) -> tuple[Callable[..., int], tuple[str, ...]]:
        """Return the function of a command that has no actions, and its examples."""
        module = import_module(f"neuronclaims.cli.{self.place}")
        return module.run, module.EXAMPLES


COMMANDS = (
    Command("files.init", FILES, "Write a first claim file, about the demo model, and a schema for editors."),
    Command("files.check", FILES, "List all mistakes in claim files, without any model."),
    Command("files.kinds", FILES, "List the kinds of claim and how their sentences read, or describe one."),
    Command("files.schema", FILES, "Print the JSON Schema of claim files."),
    Command("runs.plan", RUNS, "Say beforehand what a run takes, and how many prompts claims need."),
    Command("runs.measure", RUNS, "Measure what claims need of their models, and judge nothing."),
    Command("runs.watch", RUNS, "Judge claims again whenever their file, or a file that it names, changes."),
    Command(
        "runs.discover",
        RUNS,
        "Search for neurons on one half of some prompts, and write claims for the other half.",
    ),
    Command(
        "runs.reproduce",
        RUNS,
        "Test a published finding on its model, and show the reported number beside the number found here.",
    ),
    Command("runs.rematch", RUNS, "Look in a new model for the neurons that a claim file names."),
    Command(
        "runs.cache",
        RUNS,
        "Look after what was measured.",
        (
            Command("runs.cache.info", RUNS, "List what is kept, for which models, and its size."),
            Command("runs.cache.verify", RUNS, "Compare all checksums, and set aside what is damaged."),
            Command(
                "runs.cache.prune", RUNS, "Remove values that were not used for long, or that exceed a size."
            ),
            Command("runs.cache.clear", RUNS, "Remove everything that was measured."),
        ),
    ),
    Command("baselines.compare", BASELINES, "Compare the claims of two baselines or reports."),
    Command(
        "baselines.accept", BASELINES, "Take the last compared run into its baseline, or take rows out of it."
    ),
    Command("baselines.trend", BASELINES, "Say in which of a series of models claims appeared or were lost."),
    Command(
        "reading.explain",
        READING,
        "Explain one claim: what was asked, measured and found, and what it does not show.",
    ),
    Command(
        "reading.export", READING, "Write the claims of a report as a table: Markdown, LaTeX or Parquet."
    ),
    Command("reading.figure", READING, "Draw a figure of one claim for a paper, from the last report."),
    Command(
        "reading.history",
        READING,
        "Show the verdicts of claims in earlier sessions and in saved baselines.",
    ),
    Command("reading.badge", READING, 'Make a badge of the last report, such as "12 of 14 as expected".'),
    Command("help", MORE, "Show how to use a command, or list all commands."),
)
