"""A typed client in TypeScript: one file without dependencies, over any Analytics.js-like SDK."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from sdk_contract.codegen.model import Basic, Call, Choice, Client, Field, ListOf, Record, Type, Union
from sdk_contract.codegen.names import Names, camel

_BASIC: Final = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "null": "null",
    "anything": "Anything",
}
_HEAD: Final = """\
// Made by `sojourn plan types` from tracking plan {version}. Do not edit: make it anew when the plan changes.

/** What is needed of an SDK; that of Segment in browsers has it. For a server see `onServer`. */
export interface Analytics {{
  track(event: string, properties?: {{ [name: string]: any }}): unknown;
  identify(userId: string, traits?: {{ [name: string]: any }}): unknown;
  group(groupId: string, traits?: {{ [name: string]: any }}): unknown;
  page(name?: string, properties?: {{ [name: string]: any }}): unknown;
  screen?(name: string, properties?: {{ [name: string]: any }}): unknown;
}}

/** Any value that JSON has. */
export type Anything = {{}} | null;

/** Whom an event on a server is about. */
export type Who = {{ userId: string; anonymousId?: string }} | {{ userId?: string; anonymousId: string }};

/** What is needed of an SDK on a server; Segment's for Node has it. */
export interface ServerAnalytics {{
  track(message: Who & {{ event: string; properties?: {{ [name: string]: any }} }}): unknown;
  identify(message: Who & {{ traits?: {{ [name: string]: any }} }}): unknown;
  group(message: Who & {{ groupId: string; traits?: {{ [name: string]: any }} }}): unknown;
  page(message: Who & {{ name?: string; properties?: {{ [name: string]: any }} }}): unknown;
  screen(message: Who & {{ name?: string; properties?: {{ [name: string]: any }} }}): unknown;
}}

/** An SDK on a server, as one about `who`. */
export function onServer(analytics: ServerAnalytics, who: Who): Analytics {{
  return {{
    track: (event, properties = {{}}) => analytics.track({{ ...who, event, properties }}),
    identify: (userId, traits = {{}}) => analytics.identify({{ ...who, userId, traits }}),
    group: (groupId, traits = {{}}) => analytics.group({{ ...who, groupId, traits }}),
    page: (name = "", properties = {{}}) => analytics.page({{ ...who, name, properties }}),
    screen: (name, properties = {{}}) => analytics.screen({{ ...who, name, properties }}),
  }};
}}
"""
_PLAIN: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_FUNCTIONS: Final = """
/** The events of the plan, each a function that takes what the plan says. */
export function tracking(analytics: Analytics) {
  return {"""


def typescript(client: Client) -> str:
    """The file's text."""
    names = Names()
    functions = [(names.free(camel(call.words)), call) for call in client.calls]
    lines = [
        _HEAD.format(version=_quoted(client.version)),
        *(_record(record) for record in client.records),
        _FUNCTIONS,
        *(_function(name, call) for name, call in functions),
        "  };\n}",
    ]
    return "\n".join(lines) + "\n"


def _record(record: Record) -> str:
    lines = [*_comment(record.description, ""), f"export type {record.name} = {{"]
    for field in record.fields:
        lines += [*_comment(field.description, "  "), f"  {_field(field)};"]
    if record.more:
        lines.append("  [name: string]: unknown;")
    return "\n".join([*lines, "};", ""])


def _field(field: Field) -> str:
    name = field.name if _PLAIN.fullmatch(field.name) else _quoted(field.name)
    return f"{name}{'' if field.required else '?'}: {_type(field.type)}"


def _type(of: Type) -> str:
    if isinstance(of, Basic):
        return _BASIC[of.name]
    if isinstance(of, Choice):
        return " | ".join(msgspec.json.encode(value).decode() for value in of.values)
    if isinstance(of, ListOf):
        return f"Array<{_type(of.item)}>"
    if isinstance(of, Union):
        return " | ".join(dict.fromkeys(map(_type, of.parts)))
    return of.name


def _function(name: str, call: Call) -> str:
    given = f"properties: {call.record}" + (" = {}" if call.optional else "")
    first = _FIRST.get(call.type)
    called = _quoted(call.event) if call.event is not None else str(first)
    head = f"{first}: string, " if first and call.event is None else ""
    method = "screen?." if call.type == "screen" else call.type
    lines = [
        *_comment(call.description, "    "),
        f"    {name}({head}{given}): void {{",
        f"      analytics.{method}({called}, properties);",
        "    },",
    ]
    return "\n".join(lines)


_FIRST: Final = {"identify": "userId", "group": "groupId", "page": "name", "screen": "name"}


def _comment(text: str, indent: str) -> Iterator[str]:
    lines = text.replace("*/", "*\\/").split("\n") if text.strip() else []
    if len(lines) == 1:
        yield f"{indent}/** {lines[0].strip()} */"
    elif lines:
        yield f"{indent}/**"
        yield from (f"{indent} * {line.strip()}".rstrip() for line in lines)
        yield f"{indent} */"


def _quoted(text: str) -> str:
    """A string literal; JSON's are those of TypeScript."""
    return msgspec.json.encode(text).decode()
