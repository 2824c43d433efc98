"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

UNSAID = "what the claim file says or"

PromptFolders: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--prompt-folder",
        metavar="DIR",
        help="also read files of prompts from this folder outside of the project; can be given several times",
    ),
]
Matching: TypeAlias = Annotated[
    str,
    typer.Option(
        "-k", metavar="EXPR", show_default=False, help="only claims whose names match, as with pytest -k"
    ),
]
Cache: TypeAlias = Annotated[
    Path | None,
    typer.Option("--cache", metavar="DIR", help="the cache (default: the one that pytest uses here)"),
]
Device: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="NAME",
        help=f"where models run: cpu, cuda, cuda:N, mps or auto (default: {UNSAID} cpu)",
    ),
]
Dtype: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--dtype",
        metavar="NAME",
        help=f"what models compute in: float32, bfloat16, float16 or auto (default: {UNSAID} float32)",
    ),
]
Attention: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--attention",
        metavar="NAME",
        help=f"the implementation of attention: sdpa, eager or another of Transformers (default: {UNSAID} sdpa)",
    ),
]
Engine: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="what measures: local, this process, or another engine, such as ray:4 or ray:HOST:PORT (default: local)",
    ),
]
DeviceMap: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--device-map",
        metavar="WHAT",
        help="for models larger than a device: auto, balanced, sequential, or modules with their devices, such as "
        "model.embed_tokens=0,model.layers=cpu (default: what the claim file says)",
    ),
]
MaxMemory: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-memory",
        metavar="SIZES",
        help="what a device map may take of each device, such as 0=20GiB,cpu=60GiB (default: what is free)",
    ),
]
OffloadFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--offload-folder",
        metavar="DIR",
        help="where a device map writes, for the time of a run, what cannot be read from a model's own files "
        "(default: the system's folder of temporary files)",
    ),
]
Models: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="[+]NAME=FOLDER",
        help="read the model that claim files call NAME from this folder; with + every file is put to it, also those "
        "that do not name it; can be given several times",
    ),
]
TrustCache: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--trust-cache",
        help="read a cache that git keeps, that belongs to another user, or that everyone may write to",
    ),
]
Download: TypeAlias = Annotated[
    bool,
    typer.Option("--download", help="download models of the Hugging Face hub that are not on this machine"),
]
