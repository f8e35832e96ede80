"""Texts of messages: Jinja2 in a sandbox, which reads what it is given and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from warehouse.actions.errors import BadAction

LONGEST: Final = 20_000
_LONGEST_MADE: Final = 200_000


# Filters whose result is about as long as what they are given.
_FILTERS: Final = (
    "abs", "capitalize", "d", "default", "e", "escape", "first", "float", "int", "join", "last", "length",
    "lower", "replace", "round", "title", "tojson", "trim", "truncate", "upper", "urlencode",
)  # fmt: skip


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(("*", "**", "%"))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Of numbers only: a text times a million is a million texts."""
        if operator == "**" or not all(isinstance(one, int | float) for one in (left, right)):
            raise TypeError(f"{operator} is of numbers")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """What is told are plain values: a template has no use for what they can do."""
        return not attr.startswith("_") and not callable(value)


_PLAIN: Final = _Sandbox(undefined=StrictUndefined, autoescape=False)
_HTML: Final = _Sandbox(undefined=StrictUndefined, autoescape=True)
for _env in (_PLAIN, _HTML):
    for _name in ("range", "lipsum", "cycler", "joiner", "namespace"):
        _env.globals.pop(_name, None)
    _env.filters = {_name: _env.filters[_name] for _name in _FILTERS}


def check(name: str, text: str) -> str:
    """The template itself. BadAction where it is too long or none."""
    if len(text) > LONGEST:
        raise BadAction(f"{name} has {len(text)} letters; {LONGEST} would do")
    try:
        _PLAIN.parse(text)
    except TemplateError as error:
        raise BadAction(f"{name} is no template: {error}; {{{{ customer.id }}}} would do") from None
    return text


def render(text: str, told: Mapping[str, Any], *, html: bool = False) -> str:
    """The text with its values in it. BadAction where it names what is not there, or becomes too long."""
    try:
        made = (_HTML if html else _PLAIN).from_string(text).render(told)
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError, MemoryError) as error:
        raise BadAction(f"the template cannot be filled in: {error}") from None
    if len(made) > _LONGEST_MADE:
        raise BadAction(f"the message would have {len(made)} letters; {_LONGEST_MADE} would do")
    return made


def fill(said: Any, told: Mapping[str, Any]) -> Any:
    """The same for every text within lists and mappings."""
    if isinstance(said, str):
        return render(said, told)
    if isinstance(said, dict):
        return {str(name): fill(value, told) for name, value in said.items()}
    return [fill(one, told) for one in said] if isinstance(said, list) else said


def check_all(name: str, said: Any) -> None:
    """BadAction where a text within lists and mappings is no template."""
    if isinstance(said, str):
        check(name, said)
    for inner in said.values() if isinstance(said, dict) else said if isinstance(said, list) else ():
        check_all(name, inner)
