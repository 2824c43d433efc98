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
    Command("files.check", FILES, "Tell all that is wrong with claim files, without any model."),
    Command(
        "files.kinds", FILES, "List the kinds of claim and how their sentences read, or tell all about one."
    ),
    Command("files.schema", FILES, "Print the JSON Schema of claim files."),
    Command("runs.plan", RUNS, "Say what a run takes before it runs, and how many prompts claims need."),
    Command("runs.measure", RUNS, "Measure what claims need of their models, and judge nothing."),
    Command("runs.watch", RUNS, "Judge claims again whenever their file, or a file that it names, changes."),
    Command(
        "runs.discover",
        RUNS,
        "Look for neurons on half of some prompts, and claim them of the other half.",
    ),
    Command(
        "runs.reproduce",
        RUNS,
        "Put a published finding to its model, and show the number that was reported beside what is found here.",
    ),
    Command("runs.rematch", RUNS, "Look in a new model for the neurons that a claim file names."),
    Command(
        "runs.cache",
        RUNS,
        "Look after what was measured.",
        (
            Command("runs.cache.info", RUNS, "Say what is kept, for which models, and how much of it."),
            Command("runs.cache.verify", RUNS, "Compare all checksums, and set aside what is damaged."),
            Command(
                "runs.cache.prune", RUNS, "Make room: remove what was not used for long, or is too much."
            ),
            Command("runs.cache.clear", RUNS, "Remove everything that was measured."),
        ),
    ),
    Command(
        "baselines.compare", BASELINES, "Say what became of each claim of one baseline or report in another."
    ),
    Command(
        "baselines.accept", BASELINES, "Take the last compared run into its baseline, or take rows out of it."
    ),
    Command("baselines.trend", BASELINES, "Say in which of a series of models claims appeared or were lost."),
    Command(
        "reading.explain",
        READING,
        "Explain one claim: what was asked, measured and found, and what that does not say.",
    ),
    Command(
        "reading.export", READING, "Write the claims of a report as a table: Markdown, LaTeX or Parquet."
    ),
    Command("reading.figure", READING, "Draw a figure of one claim for a paper, from the last report."),
    Command(
        "reading.history",
        READING,
        "Tell what came of claims in earlier sessions, and in the baselines that were saved.",
    ),
    Command("reading.badge", READING, 'Make a badge of the last report, such as "12 of 14 as expected".'),
    Command("help", MORE, "Tell how to use a command, or list all commands."),
)
