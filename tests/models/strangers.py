"""Model folders and objects that a careless or hostile stranger might hand over, and what should be said of each."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Harm = Callable[[Path], None]


def rewritten(name: str, change: Callable[[dict[str, Any]], object]) -> Harm:
    """Harm a folder by a change to one of its JSON files."""

    def harm(folder: Path) -> None:
        known = json.loads((folder / name).read_text(encoding="utf-8"))
        change(known)
        (folder / name).write_text(json.dumps(known), encoding="utf-8")

    return harm


def text(name: str, written: str | bytes) -> Harm:
    """Harm a folder by another content of one of its files."""
    data = written.encode() if isinstance(written, str) else written

    def harm(folder: Path) -> None:
        (folder / name).write_bytes(data)

    return harm


def config(**settings: Any) -> Harm:
    """Harm a folder by other settings in its configuration."""
    return rewritten("config.json", lambda known: known.update(settings))


def header(change: Callable[[dict[str, Any]], object]) -> Harm:
    """Harm a folder by a change to the header of its weights."""

    def harm(folder: Path) -> None:
        path = folder / "model.safetensors"
        data = path.read_bytes()
        size = int.from_bytes(data[:8], "little")
        known = json.loads(data[8 : 8 + size])
        change(known)
        _write_weights(path, json.dumps(known).encode(), data[8 + size :])

    return harm


def header_text(change: Callable[[bytes], bytes]) -> Harm:
    """Harm a folder by a change to the bytes of the header of its weights."""

    def harm(folder: Path) -> None:
        path = folder / "model.safetensors"
        data = path.read_bytes()
        size = int.from_bytes(data[:8], "little")
        _write_weights(path, change(data[8 : 8 + size]), data[8 + size :])

    return harm


def instead(name: str, make: Callable[[Path], object]) -> Harm:
    """Harm a folder by putting something else than a regular file in a file's place."""

    def harm(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        make(folder / name)

    return harm


def sparse(path: Path) -> None:
    """Make a file of 3 GB that takes no room."""
    with path.open("wb") as file:
        file.truncate(3_000_000_000)


def pattern(regex: str) -> Harm:
    """Harm a folder by a tokenizer that splits texts with a regular expression."""
    split = {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}
    return rewritten("tokenizer.json", lambda known: known.update(pre_tokenizer=split))


def index(weight_map: object, written: str = "") -> Harm:
    """Harm a folder by an index of weights, or what is ``written`` instead of one, in the place of the weights."""

    def harm(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        told = written or json.dumps({"weight_map": weight_map})
        (folder / "model.safetensors.index.json").write_text(told, encoding="utf-8")

    return harm


def _write_weights(path: Path, head: bytes, rest: bytes) -> None:
    path.write_bytes(len(head).to_bytes(8, "little") + head + rest)


def _first(known: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(value for name, value in known.items() if name != "__metadata__")
    return found


def _overlap(known: dict[str, Any]) -> None:
    names = [name for name in known if name != "__metadata__"]
    same = next(
        (a, b)
        for a in names
        for b in names
        if a != b
        and known[a]["shape"] == known[b]["shape"]
        and known[a]["data_offsets"] != known[b]["data_offsets"]
    )
    known[same[0]]["data_offsets"] = known[same[1]]["data_offsets"]


def _twice(head: bytes) -> bytes:
    known = json.loads(head)
    name = next(name for name in known if name != "__metadata__")
    return head[:-1].rstrip(b" }") + b"}," + f"{json.dumps(name)}: {json.dumps(known[name])}".encode() + b"}"


DEEP = "[" * 100_000 + "]" * 100_000
DIGITS = "9" * 5_000
DEVICE = Path("/dev/zero")

CONFIGS: Mapping[str, tuple[Harm, str]] = {
    "nested too deep": (text("config.json", f'{{"model_type": {DEEP}}}'), "nested more than"),
    "nested deep in words": (text("config.json", '{"a":' * 5_000 + "1" + "}" * 5_000), "nested more than"),
    "5,000 digits": (text("config.json", f'{{"n_layer": {DIGITS}}}'), "5,000 digits"),
    "a float without end": (text("config.json", '{"model_type": "gpt2", "n_layer": 1e999}'), "too large"),
    "NaN for layers": (
        text("config.json", '{"model_type": "gpt2", "n_embd": NaN}'),
        "'n_embd' as a positive",
    ),
    "a billion layers": (config(n_layer=10**9), "at most 10,000"),
    "9,000 layers": (config(n_layer=9_000), "speaks of 9,000 layers"),
    "layers as a float": (config(n_layer=1e9), "positive whole number"),
    "layers as a text": (config(n_layer="3"), "positive whole number"),
    "layers as a truth value": (config(n_layer=True), "positive whole number"),
    "negative width": (config(n_embd=-1), "positive whole number"),
    "a width that is not so": (config(n_embd=64), "have another shape"),
    "a huge width": (config(n_embd=10**8), "of a model of"),
    "a huge vocabulary": (config(vocab_size=10**9), "of a model of"),
    "a huge context": (config(n_positions=10**8), "of a model of"),
    "no heads": (config(n_head=0), "does not load"),
    "a billion heads": (config(n_head=10**9), "does not load"),
    "an unknown activation": (config(activation_function="none such"), ""),
    "a type that is a list": (config(model_type=["gpt2"]), "names no model_type"),
    "code of its own": (config(auto_map={"AutoModel": "x.Y"}, model_type="xyz"), "Python code of its own"),
    "quantised": (
        config(quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True}),
        "pip install bitsandbytes",
    ),
    "an unknown quantisation": (config(quantization_config={"quant_method": "none such"}), "by none such"),
    "quantised by GPTQ": (config(quantization_config={"quant_method": "gptq"}), "by gptq (quant"),
    "quantised by a text": (config(quantization_config="awq"), "by an unknown way"),
    "not UTF-8": (text("config.json", b"\xff\xfe{\x00}\x00"), "not UTF-8"),
    "NUL in it": (text("config.json", '{"model_type": "gpt2"\0}'), "not valid JSON"),
    "half a surrogate pair": (config(model_type="\ud800"), "not supported"),
    "empty": (text("config.json", ""), "not valid JSON"),
    "a pipe": (instead("config.json", os.mkfifo), "a pipe"),
    "a folder": (instead("config.json", Path.mkdir), "a folder"),
    "3 GB": (instead("config.json", sparse), "3,000 MB"),
    "a device": (instead("config.json", lambda path: path.symlink_to(DEVICE)), "a device"),
    "a link to itself": (instead("config.json", lambda path: path.symlink_to(path.name)), "cannot be read"),
}
"""What is done to ``config.json``, and a part of what is then said; "" where the words are those of a library."""

HEADERS: Mapping[str, tuple[Harm, str]] = {
    "a huge size": (text("model.safetensors", b"\xff" * 7 + b"\x7f{}"), "longer than the file"),
    "99 MB that are not there": (
        text("model.safetensors", (99_000_000).to_bytes(8, "little") + b"{}"),
        "longer",
    ),
    "no size": (text("model.safetensors", b"abc"), "longer than the file"),
    "nested too deep": (text("model.safetensors", (200_000).to_bytes(8, "little") + DEEP.encode()), "nested"),
    "not JSON": (header_text(lambda head: b"x" + head[1:]), "not valid JSON"),
    "not UTF-8": (header_text(lambda head: head.replace(b"F32", b"F\xff2", 1)), "safetensors file"),
    "a list": (header_text(lambda _: b"[]"), "no JSON object"),
    "a name twice": (header_text(_twice), "twice"),
    "offsets that overlap": (header(_overlap), "overlap"),
    "offsets beyond the end": (
        header(lambda known: _first(known).update(data_offsets=[0, 10**12])),
        "do not fit",
    ),
    "offsets backwards": (header(lambda known: _first(known).update(data_offsets=[64, 0])), "do not fit"),
    "negative offsets": (
        header(lambda known: _first(known).update(data_offsets=[-4, 0])),
        "no whole numbers",
    ),
    "offsets of 5,000 digits": (
        header_text(lambda head: head.replace(b"[0,", f"[{DIGITS},".encode())),
        "digits",
    ),
    "a negative shape": (header(lambda known: _first(known).update(shape=[-1, -32])), "no whole numbers"),
    "a shape of floats": (header(lambda known: _first(known).update(shape=[1.5])), "no whole numbers"),
    "a shape beyond all numbers": (
        header(lambda known: _first(known).update(shape=[2**61] * 9)),
        "do not fit",
    ),
    "an unknown number type": (header(lambda known: _first(known).update(dtype="Q4")), "unknown number type"),
    "a number type that is a list": (
        header(lambda known: _first(known).update(dtype=["F32"])),
        "number type",
    ),
    "another number type": (header(lambda known: _first(known).update(dtype="F16")), "do not fit"),
    "an entry that is a number": (header(lambda known: known.update(extra=1)), "no JSON object"),
    "metadata that are a number": (header(lambda known: known.update(__metadata__=1)), "safetensors file"),
    "a pipe": (instead("model.safetensors", os.mkfifo), ""),
    "a folder": (instead("model.safetensors", Path.mkdir), ""),
    "a device": (instead("model.safetensors", lambda path: path.symlink_to(DEVICE)), ""),
    "an index that is a list": (index([]), "not an index"),
    "an index of lists": (index({"a": ["b"]}), "lacks weights"),
    "an index that leads outside": (index({"a": "../model.safetensors"}), "outside its folder"),
    "an index with NUL": (index({"a": "model\0.safetensors"}), ""),
    "an index with an over-long name": (index({"a": "x" * 5_000}), ""),
    "an index nested too deep": (index({}, DEEP), "not an index"),
}
"""What is done to the weights, and a part of what is then said."""

TOKENIZERS: Mapping[str, tuple[Harm, str]] = {
    "a bomb": (pattern("(a+)+b"), "The tokenizer of"),
    "a pattern that is none": (pattern("((("), "parenthesis"),
    "a pattern nested deep": (pattern("(" * 100_000 + ")" * 100_000), "depth limit"),
    "nested too deep": (text("tokenizer.json", DEEP), ""),
    "5,000 digits": (text("tokenizer.json", f'{{"version": {DIGITS}}}'), ""),
    "nothing": (text("tokenizer.json", ""), ""),
    "a list": (text("tokenizer.json", "[]"), ""),
    "words as a number": (rewritten("tokenizer.json", lambda known: known["model"].update(vocab=3)), ""),
    "negative numbers of words": (
        rewritten("tokenizer.json", lambda known: known["model"]["vocab"].update({"the": -1})),
        "",
    ),
    "words beyond the model": (
        rewritten("tokenizer.json", lambda known: known["model"]["vocab"].update({"the": 10**6})),
        "do not belong together",
    ),
    "a pipe": (instead("tokenizer.json", os.mkfifo), "a pipe"),
    "a folder": (instead("tokenizer.json", Path.mkdir), ""),
    "3 GB": (instead("tokenizer.json", sparse), "3,000 MB"),
    "settings nested too deep": (text("tokenizer_config.json", DEEP), "nested more than"),
    "settings that are a list": (text("tokenizer_config.json", "[]"), ""),
    "settings of a class that is none": (
        rewritten("tokenizer_config.json", lambda known: known.update(tokenizer_class=["x"])),
        "",
    ),
    "settings in a pipe": (instead("tokenizer_config.json", os.mkfifo), "a pipe"),
    "generation settings in a pipe": (instead("generation_config.json", os.mkfifo), "a pipe"),
    "a chat template in a pipe": (instead("chat_template.jinja", os.mkfifo), "a pipe"),
}
"""What is done to the tokenizer and other settings, and a part of what is then said."""
