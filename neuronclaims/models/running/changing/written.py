"""What a model writes after texts, as it is and while some of its neurons are changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch

from neuronclaims.measurements.changing.needs import ChangeNeed
from neuronclaims.measurements.changing.outcomes.readings import Written
from neuronclaims.measurements.continuations import END
from neuronclaims.models.chats.turns import turn_ends
from neuronclaims.models.running.changing.interventions import Taken, edit_at
from neuronclaims.models.running.encode import Encoded, padding_id
from neuronclaims.models.running.hooks import Edit, Place, traced
from neuronclaims.models.running.loading import Ready
from neuronclaims.models.running.passes import Chooser, Draw, caches, forward, likeliest, stop_tokens
from neuronclaims.models.running.predictions import logits_of
from neuronclaims.prompts import is_chat
from neuronclaims.tokens.spans import ALL_TOKENS


@dataclass(frozen=True, slots=True, eq=False)
class TextWriter:
    """Writes after the texts of one batch, all of equally many tokens: ``ids`` [rows, tokens].

    What is written without a change is written once for all changes of the batch.
    """

    ready: Ready
    texts: Sequence[Encoded]
    ids: torch.Tensor
    known: dict[Written, torch.Tensor] = field(default_factory=dict)

    def both(self, need: ChangeNeed, asked: Written, taken: Taken) -> torch.Tensor:
        """Return the tokens written before and after a change, ``END`` after the last of each text: [rows, width]."""
        if asked not in self.known:
            self.known[asked] = self._written(asked, None, None)
        return torch.cat([self.known[asked], self._written(asked, need, taken)], 1)

    def _written(self, asked: Written, need: ChangeNeed | None, taken: Taken | None) -> torch.Tensor:
        found = []
        for number in range(asked.samples):
            choose: Chooser = likeliest
            if asked.sampling is not None:
                choose = Draw(asked.sampling, [(number, text.ids) for text in self.texts])
            found.append(self._one(asked.limit, choose, need, taken))
        return torch.cat(found, 1)

    def _one(self, limit: int, choose: Chooser, need: ChangeNeed | None, taken: Taken | None) -> torch.Tensor:
        """Write one text after each: [rows, limit]."""
        ready, ids, cache, start = self.ready, self.ids, None, 0
        remembers, stops = caches(ready), self._stops()
        running = torch.ones(len(ids), dtype=torch.bool, device=ids.device)
        found = torch.full((len(ids), limit), float(END), device=ids.device)
        for made in range(limit):
            length = start + ids.shape[1]
            mask = torch.ones(len(ids), length, dtype=torch.long, device=ids.device)
            positions = torch.arange(start, length, device=ids.device).expand_as(ids)
            with traced(ready, ids.shape, self._edits(need, taken, start, length)):
                hidden, cache = forward(ready, ids, mask, positions, cache, caching=remembers)
            logits = logits_of(ready, hidden[:, -1]).to(ids.device)
            if bool((logits.isnan().any(-1) & running).any()):
                raise ValueError("what it predicts is not a number (NaN), so no token can be chosen")
            token = choose(logits, running)
            running = running & ~stops.gather(1, token.unsqueeze(1)).squeeze(1)
            found[running, made] = token[running].float()
            if not bool(running.any()):
                break
            following = token.masked_fill(~running, padding_id(ready.tokenizer)).unsqueeze(1)
            start, ids = (length, following) if remembers else (0, torch.cat([ids, following], 1))
        return found

    def _edits(
        self, need: ChangeNeed | None, taken: Taken | None, start: int, length: int
    ) -> Mapping[Place, Edit]:
        """Return the edits of a step; what is written is changed too where all tokens are."""
        if need is None or taken is None:
            return {}
        more = length - taken.mask.shape[1]
        mask = torch.nn.functional.pad(taken.mask, (0, more), value=need.at == ALL_TOKENS)
        step = Taken(taken.of_clean, taken.references, taken.items, mask[:, start:], start)
        return {place: edit_at(place, need, step) for place in need.places}

    def _stops(self) -> torch.Tensor:
        """Return which tokens end the text of each row: bool [rows, vocabulary]."""
        ready, prompts = self.ready, [text.prompt for text in self.texts]
        vocabulary = ready.model.get_input_embeddings().weight.shape[0]
        ends, stops = turn_ends(ready.tokenizer, prompts), stop_tokens(ready.model)
        found = torch.zeros(len(prompts), vocabulary, dtype=torch.bool, device=self.ids.device)
        for row, prompt in zip(found, prompts, strict=True):
            for token in stops | (ends if is_chat(prompt) else frozenset()):
                if token < vocabulary:
                    row[token] = True
        return found
