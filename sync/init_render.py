"""Puts a draft into words: a commented TOML file in which every value from outside is a quoted text and nothing else."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import tomlkit
from jinja2 import Environment, StrictUndefined, Template

from sync.init_draft import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.init_draft import Draft, Line, Value
    from sync.init_seen import Unasked

_REMARK_AT = 40
_LONGEST_REMARK = 400
_TEMPLATE = "init_config.toml.j2"


def toml(value: Value) -> str:
    """A value on one line; marks that nobody sees stand as escapes, so that what is there can be read."""
    if isinstance(value, list):
        return f"[{', '.join(toml(each) for each in value)}]"
    if isinstance(value, str):
        plain = "'" not in value and value.isprintable()
        literal = plain and ('"' in value or "\\" in value)  # easier to read than with escapes
        return _visible(tomlkit.string(value, literal=literal).as_string())
    return tomlkit.item(value).as_string()


def rendered(line: Line) -> str:
    if not line.key:
        return f"# {remark(line.remark)}"
    key = tomlkit.key(line.key).as_string()
    text = f"{'' if line.on else '# '}{_visible(key)} = {toml(line.value)}"
    return f"{text:<{_REMARK_AT - 1}} # {remark(line.remark)}" if line.remark else text


def remark(text: str) -> str:
    """What stands behind a #: one line, whatever it names."""
    return shown(text, _LONGEST_REMARK) if text.strip() == text else f"  {shown(text, _LONGEST_REMARK)}"


def render(
    draft: Draft, *, sources: Sequence[str], secrets: Sequence[str], unasked: Sequence[Unasked], jira: bool
) -> str:
    text = _template().render(
        lines=draft.lines, missing=draft.missing, sources=sources, secrets=secrets, unasked=unasked, jira=jira
    )
    return text.rstrip("\n") + "\n"


@cache
def _template() -> Template:
    environment = Environment(autoescape=False, undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701 - TOML
    environment.filters |= {"rendered": rendered, "remark": remark, "sentence": _sentence}
    return environment.from_string((files("sync") / _TEMPLATE).read_text(encoding="utf-8"))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _visible(quoted: str) -> str:
    """In a quoted text an escape means the same as the mark itself."""
    if not quoted.startswith('"'):
        return quoted
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)
