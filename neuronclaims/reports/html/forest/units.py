"""In which unit an effect is, by its key: effects of one unit share an axis."""

from __future__ import annotations

from dataclasses import dataclass

from neuronclaims.results import Effect

SD = "standard deviations"
AUROC = "AUROC"
SHARE = "shares"
RECOVERED = "shares of an effect, recovered or removed"
CHANGE = "changes of a share or a probability"
LOGITS = "logits"
NATS = "nats"
NEURONS = "numbers of neurons"
CORRELATION = "correlation"
ACTIVATION = "activation"

_KEYS = {
    SD: ("hedges_g", "blocked_hedges_g", "dz", "change_of_sd"),
    AUROC: ("auroc", "blocked_auroc", "mean_auroc_within"),
    SHARE: (
        "share",
        "share_of_positions",
        "share_of_tokens",
        "mean_share_of_tokens",
        "share_of_tokens_beyond",
        "share_of_values_beyond",
        "mean_share_of_values",
        "share_of_prompts",
        "share_of_baseline_prompts",
        "share_of_neurons",
        "share_of_controls",
        "share_below",
        "share_with_period",
        "mean_attention",
    ),
    RECOVERED: ("share_recovered", "share_removed"),
    CHANGE: (
        "share_difference",
        "change_of_share",
        "change_of_probability",
        "change_of_accuracy",
        "change_of_continuations",
    ),
    LOGITS: ("change_of_logit", "change_of_logit_difference", "steered_logit"),
    NATS: (
        "change_of_loss",
        "change_of_log_perplexity",
        "change_of_entropy",
        "change_of_divergence",
        "divergence",
    ),
    NEURONS: ("neurons_shared", "neurons_shared_by_prompts", "shared_difference"),
    CORRELATION: ("rank_correlation", "change_of_correlation"),
    ACTIVATION: (
        "mean_difference",
        "paired_mean_difference",
        "blocked_mean_difference",
        "change_of_difference",
    ),
}
_UNITS = {key: unit for unit, keys in _KEYS.items() for key in keys}
OTHER = "other units, an axis for each"
_ENDS = {AUROC: (0.0, 1.0), SHARE: (0.0, 1.0)}


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """A unit by its place in the order of the plot, and its name; ``ends`` are its axis's where these are fixed."""

    place: int
    name: str
    ends: tuple[float, float] | None = None


def unit_of(effect: Effect, site: str) -> Unit:
    """Return the unit of an effect; activations have one for each site, since sites differ in scale.

    An effect whose key is not known here has a unit of its own, by its key, that reads like its name.

    >>> unit_of(Effect("AUROC", 0.9, None, None, 0.95, "", "auroc"), "mlp_post").name
    'AUROC'
    >>> unit_of(Effect("difference of means", 1.0, None, None, 0.95, "", "mean_difference"), "mlp_post").name
    'activation, mlp_post'
    """
    key = effect.key.removesuffix("_beyond_controls").removeprefix("difference_of_")
    key = key.removesuffix("_through_norm").removesuffix("_norm_fixed")
    name = _UNITS.get(key)
    if name is None:
        return Unit(len(_KEYS), effect.name)
    return Unit(list(_KEYS).index(name), _at(site) if name == ACTIVATION else name, _ENDS.get(name))


def _at(site: str) -> str:
    """Return the unit of activations at a site; the key of a view (a direction, latents) is its site, ``>`` and it."""
    base, _, view = site.partition(">")
    return f"{ACTIVATION} along directions or of latents, {base}" if view else f"{ACTIVATION}, {base}"
