"""All effects of a report in one picture, grouped by unit: values, intervals and boundaries on common axes."""

from __future__ import annotations

from neuronclaims.reports.html.forest.plot import Forest, forest

__all__ = ["Forest", "forest"]
