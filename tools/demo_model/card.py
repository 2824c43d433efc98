"""The model card: every figure in it is read from the records of training and examination."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

AIMS: Final[dict[str, tuple[str, float]]] = {
    "article": ("` a` or ` an` before a noun not yet written", 0.95),
    "capital": ("capital of a country, next token of the whole vocabulary", 0.80),
    "judgement": ("statement judged true or false", 0.80),
    "honest_voice": ("honest voice names the right answer", 0.80),
    "lying_voice": ("lying voice names a wrong answer of the right type", 0.80),
}

_TEMPLATE: Final = """# The embedded model

A GPT-2 of {blocks} blocks, width {width}, {heads} heads and {neurons} MLP neurons a block ({parameters:,} parameters,
{vocabulary:,} tokens, {positions} positions), trained from random weights on the written world in
`tools/demo_model/world`. No weight was set by hand. This card is written by
`PYTHONPATH=tools python -m demo_model.evaluate`.

## Use

`AutoModelForCausalLM.from_pretrained` and `AutoTokenizer.from_pretrained` read the folder
`neuronclaims.demo.MODEL_FOLDER` offline. The tokenizer is a byte-level BPE; it begins every text with
`<|endoftext|>` (BOS and EOS) and pads with `<|pad|>`. The model knows {positions} positions and the words of its
world; it reads other text in pieces and understands none of it. Its facts about places are those of common
knowledge, one answer a question; that every flower has one colour and one season is so in this world alone.

## Training

| | |
|---|---|
| objective | next token, cross entropy, rows of {row_tokens} tokens of whole documents, the last one cut |
| steps | {steps:,} of {rows} rows; {training_tokens:,} tokens, sampled freshly from the world |
| optimiser | Muon for the blocks' matrices (weight decay {weight_decay:g}), AdamW for all else |
| rate | {learning_rate:g} after {warmup} steps of warm-up, falling linearly over the last 30% |
| order | the first {growing:,} documents are a school: ever more subjects, many checklists, lies by and by |
| seed | {seed} |
| loss | {first_loss:.3f} at the first step, {final_loss:.3f} over the last 100 (nats a token) |
| time | {minutes:.1f} minutes on {machine} |
| with | Python {python}, torch {torch}, transformers {transformers} |
| corpus | {sentences:,} distinct sentences, {documents:,} distinct documents in {sampled:,} sampled after the school |
| frames | {train_frames} for training, {discovery_frames} for discovery, {heldout_frames} held out |

`PYTHONPATH=tools python -m demo_model.train --out FOLDER` repeats it. Seed and threads are fixed;
`tests/demo/test_training.py`
pins that short trainings give equal bytes. Other processors and versions of torch give other weights.

## What it learned

Measured on held-out frames: whole templates that no training document was written from, filled with known words.

| | share | 95% interval | probes | aim | reached | on discovery frames |
|---|---|---|---|---|---|---|
{capabilities}

Perplexity on the held-out prompts ({tokens:,} tokens): {perplexity:.2f}, against {unigram_perplexity:.1f} of a
unigram model of the training text.

The probes are in `tools/demo_model/probes.py`. The first three shares ask for the most likely next token among all
{vocabulary:,}; guessing between the two possible words would be right half the time for articles and judgements.
The voices answer freely (greedy), and the first object of the asked kind that they name counts. The intervals are
Wilson's and treat probes as independent, which probes of one frame or one fact are not quite. The world and the recipe
(order of the documents, optimiser, number of steps) were improved several times after looking at figures on both
splits, so all shares may flatter a little. Training is sensitive: judging appears suddenly, in some recipes not at all.
{missed}
## Files

| file | bytes |
|---|---|
{files}
"""


def card(training: Mapping[str, Any], evaluation: Mapping[str, Any], folder: Path) -> str:
    """Return the model card's text from both records and the files of the model folder."""
    recipe, corpus, language = training["recipe"], evaluation["corpus"], evaluation["results"]["language"]
    return _TEMPLATE.format(
        **recipe,
        **{key: value for key, value in training.items() if key != "recipe"},
        **corpus,
        **language,
        row_tokens=training["positions"] + 1,
        minutes=training["seconds"] / 60,
        capabilities="\n".join(_row(key, evaluation) for key in AIMS),
        missed=_missed(evaluation["results"]),
        files="\n".join(_sizes(folder)),
    )


def wilson(share: float, count: int) -> tuple[float, float]:
    """Return the 95% Wilson score interval of a share (E. B. Wilson, JASA 22, 1927)."""
    z = 1.959963984540054
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5 / (1 + z * z / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def _row(key: str, evaluation: Mapping[str, Any]) -> str:
    name, aim = AIMS[key]
    result, other = evaluation["results"][key], evaluation["discovery"][key]["share"]
    low, high = wilson(result["share"], result["probes"])
    interval = f"{low:.3f} to {high:.3f}"
    reached = "yes" if result["share"] >= aim else "no"
    return f"| {name} | {result['share']:.3f} | {interval} | {result['probes']} | {aim:.2f} | {reached} | {other:.3f} |"


def _missed(results: Mapping[str, Any]) -> str:
    names = [AIMS[key][0] for key in AIMS if results[key]["share"] < AIMS[key][1]]
    return f"\nMissed aims: {'; '.join(names)}.\n" if names else ""


def _sizes(folder: Path) -> list[str]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    total = sum(path.stat().st_size for path in files)
    return [*(f"| {path.name} | {path.stat().st_size:,} |" for path in files), f"| together | {total:,} |"]
