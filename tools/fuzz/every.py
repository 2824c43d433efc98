"""Every sort of file that is damaged, by its name."""

from __future__ import annotations

from fuzz.claim_files import ClaimFiles
from fuzz.json_files import JsonFiles
from fuzz.model_folders import ModelFolders
from fuzz.shard_files import ShardFiles
from fuzz.tables import Tables
from fuzz.trial import Fuzz

EVERY: tuple[Fuzz, ...] = (ClaimFiles(), Tables(), ModelFolders(), ShardFiles(), JsonFiles())
