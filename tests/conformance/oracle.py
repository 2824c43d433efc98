"""What a model holds, by plain hooks of PyTorch: the other side of every comparison.

A prompt runs alone, as anybody would run it: ``model(**tokenizer(prompt))``, without padding, cache or position ids,
with the attention that Transformers takes by itself. Places come from ``layouts.yaml``. The residual stream is also
what Transformers calls ``hidden_states``, and the neurons of an MLP are what its formula makes of its projections.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from layouts import Layout, layout_of
from small_models import auto_class
from transformers import AutoTokenizer
from zoo import HEADS, kind_of

Place = tuple[str, int]
Edit = Callable[[torch.Tensor], torch.Tensor]

NO_SITES = frozenset({"blocks", "final_norm", "formula", "hidden_states", "shared", "up"})
"""What a layout says besides where sites are."""

_SITE = re.compile(r"(?P<path>[^<>]*)(?P<side>[<>])(?P<part>.*)")


@dataclass(frozen=True)
class Reading:
    """One prompt: values [tokens, width] by site and layer, logits [tokens, vocabulary], and ``hidden_states``."""

    values: dict[Place, torch.Tensor]
    logits: torch.Tensor
    hidden: tuple[torch.Tensor, ...]


class Oracle:
    """A model as Transformers loads it, and where its sites are."""

    def __init__(self, model_type: str, folder: Path, layout: Layout | None = None) -> None:
        found = layout or layout_of(model_type)
        assert found is not None, f"the code of {model_type} has not been read yet"
        self.layout = found
        self.encoder = kind_of(model_type) in ("encoders", "encoder_decoders")
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = auto_class(model_type).from_pretrained(folder).eval()
        self.body = self.model.base_model
        # Of an encoder with a decoder, the encoder is what reads a text.
        self.whole = self.model.get_encoder() if kind_of(model_type) == "encoder_decoders" else self.model
        self.blocks = list(self.body.get_submodule(self.layout["blocks"]))
        if "shared" in self.layout:
            self.blocks *= self.model.config.num_hidden_layers
        self._written: dict[tuple[int, ...], list[int]] = {}
        self._read: dict[tuple[int, ...], Reading] = {}
        self._special = set(self.tokenizer.all_special_ids) - {self.tokenizer.unk_token_id}

    def ids(self, prompt: str) -> list[int]:
        """Return a prompt as tokens."""
        return self.tokenizer(prompt)["input_ids"]

    def counting(self, ids: Sequence[int]) -> list[int]:
        """Return the positions that hold text."""
        return [place for place, token in enumerate(ids) if token not in self._special]

    def read(self, ids: Sequence[int], edits: dict[Place, Edit] | None = None) -> Reading:
        """Run tokens and keep everything; at the places of ``edits`` the model goes on with what these make."""
        if not edits and tuple(ids) in self._read:
            return self._read[tuple(ids)]
        seen: dict[Place, list[torch.Tensor]] = {}
        with ExitStack() as stack, torch.no_grad():
            for place, edit in (edits or {}).items():
                stack.enter_context(self._edited(place, edit))
            for place in self.places():
                stack.enter_context(self._watched(place, seen.setdefault(place, [])))
            row = torch.tensor([list(ids)])
            output = self.whole(
                input_ids=row, attention_mask=torch.ones_like(row), output_hidden_states=True, **self._cache()
            )
        # What is seen twice in one pass (layers that share their weights) has no one value.
        # The final norm is the last to run, whatever else it is used for.
        once = {place: found for place, found in seen.items() if len(found) == 1 or place[0] == "final_norm"}
        if "shared" in self.layout:
            once = {place: found[place[1] : place[1] + 1] for place, found in seen.items()}
        values = {place: found[-1] for place, found in once.items()}
        hidden = getattr(output, "hidden_states", None) or ()
        logits = getattr(output, "logits", torch.empty(1, 0, 0))
        reading = Reading(values, logits[0], tuple(each[0] for each in hidden))
        if not edits:
            self._read[tuple(ids)] = reading
        return reading

    def places(self) -> Iterator[Place]:
        """Yield every site and layer there is a place for."""
        for layer in range(len(self.blocks)):
            yield from (("resid_pre", layer), ("resid_post", layer))
            for site in self.layout:
                if site not in NO_SITES - {"up"} and self._found(site, layer):
                    yield site, layer
        if "final_norm" in self.layout:
            yield "final_norm", len(self.blocks) - 1

    def whole_at(self, site: str, layer: int) -> bool:
        """Return whether a site is all that one module is given or gives, so that it can be changed."""
        found = self._found(site, layer) if site.startswith("resid_p") or site in self.layout else []
        return len(found) == 1 and not found[0][2]

    def formula(self, reading: Reading, layer: int) -> torch.Tensor | None:
        """Return the neurons of a layer's MLP as its formula gives them; None where it has another."""
        before = reading.values.get(("mlp_pre", layer))
        if "formula" not in self.layout or before is None:
            return None
        act: Any = torch.nn.functional.silu
        if self.layout["formula"] != "silu":
            act = self.blocks[layer]
            for name in self.layout["formula"].split("."):
                act = getattr(act, name)
        with torch.no_grad():
            neurons = act(before)
        return neurons * reading.values["up", layer] if "up" in self.layout else neurons

    def disagreements(self, reading: Reading) -> list[str]:
        """Return where the hooks and what Transformers itself says of its hidden states and neurons differ."""
        found = []

        def same(name: str, layer: int, other: torch.Tensor) -> None:
            values = reading.values.get((name, layer))
            if values is None or values.shape != other.shape or not torch.allclose(values, other, 1e-4, 1e-4):
                found.append(f"{name} of layer {layer}")

        for layer in range(len(self.blocks)):
            if self.layout.get("hidden_states") != "other":
                same("resid_pre", layer, reading.hidden[layer])
                if layer:
                    same("resid_post", layer - 1, reading.hidden[layer])
            neurons = self.formula(reading, layer)
            if neurons is not None:
                same("mlp_post", layer, neurons)
        return found

    def written(self, prompt: str, tokens: int) -> list[int]:
        """Return what the model's own ``generate`` writes greedily."""
        row = torch.tensor([self.ids(prompt)])
        key = (*row[0].tolist(), -tokens)
        if key in self._written:
            return self._written[key]
        with torch.no_grad():
            made = self.model.generate(
                input_ids=row,
                attention_mask=torch.ones_like(row),
                max_new_tokens=tokens,
                do_sample=False,
                num_beams=1,
            )
        self._written[key] = made[0, row.shape[1] :].tolist()
        return self._written[key]

    def _cache(self) -> dict[str, Any]:
        return {} if self.encoder else {"use_cache": False}

    def _found(self, site: str, layer: int) -> list[tuple[Any, str, str]]:
        """Return the modules of a site, with the side and the part of their values; what they give is added up."""
        block = self.blocks[layer]
        if site in ("resid_pre", "resid_post"):
            return [(block, "<" if site == "resid_pre" else ">", "")]
        if site == "final_norm":
            return [(self.body.get_submodule(self.layout[site]), ">", "")]
        for choice in self.layout[site].split("|"):
            choice, _, needed = choice.partition("?")
            matches = [_SITE.fullmatch(each) for each in choice.split("+")]
            try:
                block.get_submodule(needed)
                return [
                    (block.get_submodule(match["path"]), match["side"], match["part"])
                    for match in matches
                    if match
                ]
            except AttributeError:
                continue
        return []

    @contextmanager
    def _watched(self, place: Place, seen: list[torch.Tensor]) -> Iterator[None]:
        found, several = self._found(*place), list[torch.Tensor]()

        def keep(values: Any, part: str) -> None:
            values = _tensor(values)
            several.append(_part(values.reshape(-1, values.shape[-1]).clone(), part))

        with ExitStack() as stack:
            for module, side, part in found:
                if side == "<":
                    handle = module.register_forward_pre_hook(
                        lambda _, args, kwargs, part=part: keep(_first(args, kwargs), part), with_kwargs=True
                    )
                else:
                    handle = module.register_forward_hook(lambda _, __, output, part=part: keep(output, part))
                stack.callback(handle.remove)
            yield
        seen += [torch.stack(several).sum(0)] if len(several) == len(found) > 1 else several

    @contextmanager
    def _edited(self, place: Place, edit: Edit) -> Iterator[None]:
        [(module, side, part)] = self._found(*place)
        assert not part, "only whole values are changed"

        def enter(_: Any, args: Any, kwargs: Any) -> Any:
            if args:
                return (_edit(args[0], edit), *args[1:]), kwargs
            name = next(iter(kwargs))
            return args, kwargs | {name: _edit(kwargs[name], edit)}

        def leave(_: Any, __: Any, output: Any) -> Any:
            return (
                _edit(output, edit)
                if isinstance(output, torch.Tensor)
                else (_edit(output[0], edit), *output[1:])
            )

        handle = (
            module.register_forward_pre_hook(enter, with_kwargs=True)
            if side == "<"
            else module.register_forward_hook(leave)
        )
        with ExitStack() as stack:
            stack.callback(handle.remove)
            yield


def _first(args: Any, kwargs: Any) -> Any:
    return args[0] if args else next(iter(kwargs.values()))


def _tensor(values: Any) -> torch.Tensor:
    return values if isinstance(values, torch.Tensor) else values[0]


def _edit(values: torch.Tensor, edit: Edit) -> torch.Tensor:
    return edit(values.reshape(-1, values.shape[-1])).reshape(values.shape)


def _part(values: torch.Tensor, part: str) -> torch.Tensor:
    """Return a part of values [tokens, width]: columns, a share of them, or a share of those of every head."""
    if not part:
        return values
    if part.startswith("["):
        start, end = map(int, part.strip("[]").split(":"))
        return values[:, start:end]
    which, of = map(int, part.removeprefix("heads ").split("/"))
    if part.startswith("heads"):
        return values.unflatten(1, (HEADS, -1)).chunk(of, -1)[which - 1].flatten(1)
    return values.chunk(of, -1)[which - 1]
