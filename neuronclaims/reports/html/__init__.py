"""The report as an HTML page that works offline from a folder, with interactive figures."""

from __future__ import annotations

from neuronclaims.reports.html.writer import write_html

__all__ = ["write_html"]
