"""Tables of prompts, damaged: the rows that other readers find, or problems with places."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from random import Random
from typing import ClassVar

from fuzz.damage import bytes_damaged, json_damaged, replaced
from fuzz.trial import WrongError, check_message
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompts.rows import PromptTable, read_table

ROWS = [
    {"text": "I ate some pho in Hanoi.", "group": "food", "score": 1},
    {"text": 'She said "no", twice', "group": "talk", "score": 0.5},
    {"text": "A line\nand another", "group": "", "score": True},
    {"text": "é ü 你好", "group": "other", "score": -3},
]


class Tables:
    """Tables as .csv, .jsonl and .txt."""

    name: ClassVar[str] = "tables"
    trials: ClassVar[int] = 500

    def prepare(self, folder: Path) -> None:
        """Write nothing: the good tables are made from rows."""

    def trial(self, folder: Path, seed: int) -> str:
        """Read a damaged table, and compare each row that is read with what another reader makes of it."""
        rng = Random(f"table {seed}")
        suffix = rng.choice((".csv", ".jsonl", ".txt"))
        path = folder / f"p{suffix}"
        data = _damaged(suffix, rng)
        path.write_bytes(data)
        if rng.random() < 0.03:
            replaced(path, rng)
            data = b""
        try:
            table = read_table(path, path.name)
        except ClaimFileError as error:
            check_message(str(error), 100_000)
            return "refused"
        finally:
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        _check(table, suffix, data)
        return "read"


def _damaged(suffix: str, rng: Random) -> bytes:
    if suffix == ".jsonl":
        lines = [json.dumps(row).encode() for row in ROWS]
        place = rng.randrange(len(lines))
        lines[place] = json_damaged(lines[place], rng)
        return b"\n".join(lines)
    if suffix == ".txt":
        return bytes_damaged("\n".join(str(row["text"]) for row in ROWS).encode(), rng)
    made = io.StringIO(newline="")
    writer = csv.DictWriter(made, ["text", "group", "score"])
    writer.writeheader()
    writer.writerows(ROWS)
    return bytes_damaged(made.getvalue().encode(), rng)


def _check(table: PromptTable, suffix: str, data: bytes) -> None:
    found = [dict(row.values) for row in table.rows]
    if not data:
        return
    text = data.decode("utf-8-sig")
    if suffix == ".csv":
        expected = [
            dict(row) for row in csv.DictReader(io.StringIO(text.lstrip("\r\n"), newline=""), strict=True)
        ]
    elif suffix == ".jsonl":
        expected = [
            {key: value if isinstance(value, str) else json.dumps(value) for key, value in row.items()}
            for row in (json.loads(line) for line in text.replace("\r", "\n").split("\n") if line.strip())
        ]
        known = [set(row) for row in found]
        expected = [
            {key: row[key] for key in row if key in keys} for row, keys in zip(expected, known, strict=True)
        ]
    else:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        expected = [{"text": line} for line in lines if line.strip()]
    if found != expected:
        raise WrongError(f"rows {found} where another reader finds {expected}")
