"""A typed client in Python: TypedDicts that pass mypy --strict, over Segment's SDK or one like it."""

from collections.abc import Iterator
from keyword import iskeyword
from typing import Final

import msgspec

from sdk_contract.codegen.model import Basic, Call, Choice, Client, Field, ListOf, Record, Type, Union
from sdk_contract.codegen.names import Names, snake

_BASIC: Final = {
    "string": "str",
    "number": "float",
    "integer": "int",
    "boolean": "bool",
    "null": "None",
    "anything": "Any",
}
_HEAD: Final = '''\
"""Made by `sojourn plan types` from tracking plan {version}.

Do not edit: make it anew when the plan changes.
"""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, Protocol, TypedDict


class Analytics(Protocol):
    """What is needed of an SDK; a client of Segment's has it."""

    def track(
        self,
        user_id: str | None = None,
        event: str | None = None,
        properties: dict[str, Any] | None = None,
        *,
        anonymous_id: str | None = None,
    ) -> object: ...

    def identify(
        self,
        user_id: str | None = None,
        traits: dict[str, Any] | None = None,
        *,
        anonymous_id: str | None = None,
    ) -> object: ...

    def group(
        self,
        user_id: str | None = None,
        group_id: str | None = None,
        traits: dict[str, Any] | None = None,
        *,
        anonymous_id: str | None = None,
    ) -> object: ...

    def page(
        self,
        user_id: str | None = None,
        category: str | None = None,
        name: str | None = None,
        properties: dict[str, Any] | None = None,
        *,
        anonymous_id: str | None = None,
    ) -> object: ...

    def screen(
        self,
        user_id: str | None = None,
        category: str | None = None,
        name: str | None = None,
        properties: dict[str, Any] | None = None,
        *,
        anonymous_id: str | None = None,
    ) -> object: ...
'''
_CLASS: Final = '''
class Tracking:
    """The events of the plan, about one person or device."""

    def __init__(
        self, analytics: Analytics, *, user_id: str | None = None, anonymous_id: str | None = None
    ) -> None:
        self._analytics = analytics
        self._user_id = user_id
        self._anonymous_id = anonymous_id
'''
_OF_CALL: Final = {
    "track": ("", "event", "properties"),
    "identify": ("", "", "traits"),
    "group": ("group_id", "group_id", "traits"),
    "page": ("name", "name", "properties"),
    "screen": ("name", "name", "properties"),
}


def python(client: Client) -> str:
    """The file's text."""
    names = Names()
    functions = [(names.free(snake(call.words)), call) for call in client.calls]
    tracking = [_CLASS, *("\n".join(_function(name, call)) for name, call in functions)]
    parts = [
        _HEAD.format(version=_said(client.version)),
        *("\n".join(_record(record)) for record in client.records),
        "\n\n".join(part.strip("\n") for part in tracking),
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def _record(record: Record) -> Iterator[str]:
    if not record.fields and record.more:
        yield f"{record.name} = Mapping[str, Any]"
        return
    if not all(field.name.isidentifier() and not iskeyword(field.name) for field in record.fields):
        yield from _by_call(record)
        return
    yield f"class {record.name}(TypedDict):"
    said = _said(record.description)
    if said or not record.fields:
        yield f'    """{said or "Nothing."}"""'
    if said and record.fields:
        yield ""
    for field in record.fields:
        yield from _comment(field.description, "    ")
        of = _field(field)
        yield f'    {field.name}: "{of}"' if _refers(field.type) else f"    {field.name}: {of}"


def _by_call(record: Record) -> Iterator[str]:
    """A TypedDict whose keys are no identifiers."""
    yield f"{record.name} = TypedDict("
    yield f"    {_quoted(record.name)},"
    yield "    {"
    for field in record.fields:
        yield from _comment(field.description, "        ")
        yield f"        {_quoted(field.name)}: {_field(field, quote=True)},"
    yield "    },"
    yield ")"
    if record.description.strip():
        yield f'"""{_said(record.description)}"""'


def _field(field: Field, quote: bool = False) -> str:
    of = _type(field.type)
    of = f'"{of}"' if quote and _refers(field.type) else of
    return of if field.required else f"NotRequired[{of}]"


def _refers(of: Type) -> bool:
    """Whether a type names another record, which may stand further down."""
    if isinstance(of, ListOf):
        return _refers(of.item)
    if isinstance(of, Union):
        return any(map(_refers, of.parts))
    return not isinstance(of, Basic | Choice)


def _type(of: Type) -> str:
    if isinstance(of, Basic):
        return _BASIC[of.name]
    if isinstance(of, Choice):
        literals = [value for value in of.values if not isinstance(value, float)]
        floats = ["float"] if len(literals) < len(of.values) else []
        said = [f"Literal[{', '.join(map(_literal, literals))}]"] if literals else []
        return " | ".join(said + floats)
    if isinstance(of, ListOf):
        return f"list[{_type(of.item)}]"
    if isinstance(of, Union):
        return " | ".join(dict.fromkeys(map(_type, of.parts)))
    return of.name


def _function(name: str, call: Call) -> Iterator[str]:
    own, keyword, payload = _OF_CALL[call.type]
    head = f"{own}: str, " if own and call.event is None else ""
    fixed = _quoted(call.event) if call.event is not None else own
    named = f"{keyword}={fixed}, " if keyword else ""
    given = f"properties: {call.record}" + (" | None = None" if call.optional else "")
    value = "{} if properties is None else dict(properties)" if call.optional else "dict(properties)"
    yield f"    def {name}(self, {head}{given}) -> None:"
    if said := _said(call.description):
        yield f'        """{said}"""'
    yield f"        self._analytics.{call.type}("
    yield f"            user_id=self._user_id, {named}{payload}={value}, anonymous_id=self._anonymous_id"
    yield "        )"


def _literal(value: object) -> str:
    return _quoted(value) if isinstance(value, str) else repr(value)


def _said(text: str) -> str:
    """Text as it can stand in a docstring of one line."""
    plain = " ".join(text.replace("\\", "/").replace('"""', "'''").split())
    return plain[:-1] + "'" if plain.endswith('"') else plain


def _comment(text: str, indent: str) -> Iterator[str]:
    said = " ".join(text.split())
    if said:
        yield f"{indent}# {said}"


def _quoted(text: str) -> str:
    r"""A string literal; Python reads the escapes of JSON, but for \/ which is not written."""
    return msgspec.json.encode(text).decode()
