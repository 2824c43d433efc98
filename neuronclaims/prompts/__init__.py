"""What a model is given: a text, or a chat, with the stretches that have a name; and how it goes on from there.

Open to every room, as errors are.
"""

from neuronclaims.prompts.inputs import (
    ROLES,
    ChatMessage,
    LabelledStretch,
    PromptInput,
    brief,
    is_chat,
    is_plain,
    shown,
)
from neuronclaims.prompts.sampling import Sampling

__all__ = [
    "ROLES",
    "ChatMessage",
    "LabelledStretch",
    "PromptInput",
    "Sampling",
    "brief",
    "is_chat",
    "is_plain",
    "shown",
]
