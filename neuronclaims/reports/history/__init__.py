"""What earlier sessions found: a line per session in ``history.jsonl``, beside the reports of one folder."""

from __future__ import annotations

from neuronclaims.reports.history.file import FILE_NAME, History, add_session, read_history
from neuronclaims.reports.history.session import PastClaim, PastSession, claim_name

__all__ = ["FILE_NAME", "History", "PastClaim", "PastSession", "add_session", "claim_name", "read_history"]
