"""How large batches are: larger on a device with much free memory, smaller where it ran out."""

from __future__ import annotations

from dataclasses import replace

from neuronclaims.models.options import RunOptions

_SHARE = 0.5
"""So much of the free memory a batch may take, by an estimate that knows nothing of a model's own ways."""


def grown(options: RunOptions, token_bytes: int, text_bytes: int, free: int | None) -> RunOptions:
    """Return options with batches as large as free memory lets them be, up to ``options.growth`` times.

    ``token_bytes`` and ``text_bytes`` are what each token and each text of a batch take; ``free`` is None where batches
    are not to grow.

    >>> grown(RunOptions(), 1_000_000, 0, 20_000_000_000).batch_tokens
    8192
    """
    if free is None:
        return options
    each = options.batch_tokens * token_bytes + options.batch_prompts * text_bytes
    times = 1
    while 2 * times <= options.growth and 2 * times * each <= _SHARE * free:
        times *= 2
    return replace(
        options,
        batch_tokens=options.batch_tokens * times,
        batch_prompts=options.batch_prompts * times,
    )


def halved(options: RunOptions) -> RunOptions | None:
    """Return options with batches half as large; None where they cannot be smaller.

    >>> smaller = halved(RunOptions(batch_tokens=5, batch_prompts=1))
    >>> smaller.batch_tokens, smaller.batch_prompts
    (2, 1)
    """
    if options.batch_tokens == options.batch_prompts == 1:
        return None
    return replace(
        options,
        batch_tokens=max(1, options.batch_tokens // 2),
        batch_prompts=max(1, options.batch_prompts // 2),
    )
