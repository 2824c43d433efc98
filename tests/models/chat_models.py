"""The demo model with chat templates, made of tokens that it has: copies of its folder for tests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.prompts import ChatMessage, PromptInput

BOS = "<|endoftext|>"

CHATML = (
    "{{ bos_token }}{% for m in messages %}<{{ m['role'] }}>\n{{ m['content'] | trim }}\n"
    "{% endfor %}{% if add_generation_prompt %}<assistant>\n{% endif %}"
)
"""Like ChatML, with a special token before everything and markup that is plain text."""

LLAMA = (
    "{% if messages[0]['role'] == 'system' %}{% set system = '<<SYS>>' ~ messages[0]['content'] ~ '<</SYS>> ' %}"
    "{% set loop_messages = messages[1:] %}{% else %}{% set system = '' %}{% set loop_messages = messages %}{% endif %}"
    "{% for m in loop_messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if m['role'] == 'user' %}{{ bos_token + '[INST] ' + (system if loop.first else '') + m['content'].strip() "
    "+ ' [/INST]' }}{% else %}{{ ' ' + m['content'] + ' ' + eos_token }}{% endif %}{% endfor %}"
)
"""Like Llama 2: the system's words inside those of the user, roles that must alternate."""


def chat(*messages: tuple[str, str]) -> PromptInput:
    """Return a chat of (role, content)."""
    return PromptInput(messages=tuple(ChatMessage(role, content) for role, content in messages))


def as_dicts(prompt: PromptInput) -> list[dict[str, str]]:
    """Return a chat as Transformers takes it."""
    return [{"role": message.role, "content": message.content} for message in prompt.messages]


def chatting(folder: Path, template: str | None = CHATML, *, in_settings: bool = False) -> Path:
    """Return a copy of the demo model's folder that has a chat template."""
    shutil.copytree(MODEL_FOLDER, folder)
    if template is not None and in_settings:
        path = folder / "tokenizer_config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "chat_template": template}))
    elif template is not None:
        (folder / "chat_template.jinja").write_text(template)
    return folder
