"""What a model is given: a text, or a chat, with the stretches that have a name; as plain data and as one str.

Open to every room, as errors are.
"""

from neuronclaims.prompts.inputs import ROLES, ChatMessage, PromptInput, is_plain, shown

__all__ = ["ROLES", "ChatMessage", "PromptInput", "is_plain", "shown"]
