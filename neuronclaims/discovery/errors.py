"""What can be wrong with a search, said in one sentence."""

from __future__ import annotations

from neuronclaims.errors import NeuronClaimsError


class DiscoveryError(NeuronClaimsError):
    """What was given cannot be searched; the message says what to give instead."""


class NothingFoundError(NeuronClaimsError):
    """No neuron stands out, so there are no claims to write."""
