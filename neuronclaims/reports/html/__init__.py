"""The report as a page: results to HTML that works from a folder, offline, with figures one can point at."""

from __future__ import annotations

from neuronclaims.reports.html.writer import write_html

__all__ = ["write_html"]
