"""Print the neurons that losses.claims.yaml is about: those that French needs and English does not.

    python tests/real/find_for_losses.py

Of each sentence in ``discovery/languages.csv`` the loss is attributed to the neurons, value times gradient: how much it
would rise if a neuron held 0. Neurons are ranked by t, that of French sentences against that of English ones.
"""

from __future__ import annotations

import numpy as np
from find import ranked, rows
from plain_smollm2 import Plain
from scipy import stats

MANY = 24
"""How many neurons are taken together."""


def main() -> None:
    """Print the strongest neurons of both signs, and a list to be ablated together."""
    plain = Plain()
    needed = {
        language: np.stack(
            [
                -plain.loss_attribution(row["text"])
                for row in rows("languages.csv")
                if row["language"] == language
            ]
        )
        for language in ("french", "english")
    }
    more = needed["french"].mean(0) - needed["english"].mean(0)
    ranked(more, "needed by French more than by English")
    t = stats.ttest_ind(needed["french"], needed["english"], equal_var=False).statistic
    steady = np.where(t > 3, more, 0.0)
    order = np.argsort(steady, axis=None)[::-1][:MANY]
    places = sorted(np.unravel_index(place, more.shape) for place in order)
    print("together:", ", ".join(f"{layer}:{index}" for layer, index in places))
    french = [row["text"] for row in rows("languages.csv") if row["language"] == "french"]
    english = [row["text"] for row in rows("languages.csv") if row["language"] == "english"]
    for name, texts in (("french", french), ("english", english)):
        rise = [plain.loss(text, zero=places) - plain.loss(text) for text in texts]
        print(f"loss of {name} on discovery rises by {np.mean(rise):.3f} (sd {np.std(rise, ddof=1):.3f})")


if __name__ == "__main__":
    main()
