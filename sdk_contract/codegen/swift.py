"""A typed client in Swift: Codable structs over any SDK that takes them, such as Segment's."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from sdk_contract.codegen.model import (
    Basic,
    Call,
    Choice,
    Client,
    Field,
    ListOf,
    Record,
    Type,
    Union,
    choices,
    nullable,
)
from sdk_contract.codegen.names import Names, camel, words

_BASIC: Final = {
    "string": "String",
    "number": "Double",
    "integer": "Int",
    "boolean": "Bool",
    "anything": "JSONValue",
    "null": "JSONValue",
}
_HEAD: Final = """\
// Made by `sojourn plan types` from tracking plan {version}. Do not edit: make it anew when the plan changes.

import Foundation

/// What is needed of an SDK.
public protocol Tracker {{
    func track<P: Codable>(name: String, properties: P?)
    func identify<T: Codable>(userId: String, traits: T?)
    func group<T: Codable>(groupId: String, traits: T?)
    func page<P: Codable>(title: String, properties: P?)
    func screen<P: Codable>(title: String, properties: P?)
}}

/// Any value that JSON has.
public enum JSONValue: Codable, Equatable {{
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    public init(from decoder: Decoder) throws {{
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {{
            self = .null
        }} else if let value = try? container.decode(Bool.self) {{
            self = .bool(value)
        }} else if let value = try? container.decode(Double.self) {{
            self = .number(value)
        }} else if let value = try? container.decode(String.self) {{
            self = .string(value)
        }} else if let value = try? container.decode([JSONValue].self) {{
            self = .array(value)
        }} else {{
            self = .object(try container.decode([String: JSONValue].self))
        }}
    }}

    public func encode(to encoder: Encoder) throws {{
        var container = encoder.singleValueContainer()
        switch self {{
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }}
    }}
}}
"""
_CONTROL: Final = re.compile(r"\\u([0-9a-f]{4})")
_FIRST: Final = {
    "track": ("name", "properties"),
    "identify": ("userId", "traits"),
    "group": ("groupId", "traits"),
    "page": ("title", "properties"),
    "screen": ("title", "properties"),
}


def swift(client: Client) -> str:
    """The file's text."""
    names = Names()
    functions = [(names.free(camel(call.words)), call) for call in client.calls]
    lines = [_HEAD.format(version=_quoted(client.version))]
    for record in client.records:
        lines += [*_record(record), ""]
        for choice in choices(record):
            lines += [*_enum(choice), ""]
    lines += [
        "/// The events of the plan.",
        "public struct Tracking {",
        "    private let analytics: Tracker",
        "",
        "    public init(_ analytics: Tracker) {",
        "        self.analytics = analytics",
        "    }",
    ]
    for name, call in functions:
        lines += _function(name, call)
    return "\n".join([*lines, "}"]) + "\n"


def _record(record: Record) -> Iterator[str]:
    free = Names()
    named = [(free.free(camel(words(field.name))), field) for field in record.fields]
    yield from _comment(record.description, "")
    yield f"public struct {record.name}: Codable, Equatable {{"
    for name, field in named:
        yield from _comment(field.description, "    ")
        yield f"    public var {name}: {_field(field)}"
    if named:
        yield ""
        yield "    enum CodingKeys: String, CodingKey {"
        yield from (f"        case {name} = {_quoted(field.name)}" for name, field in named)
        yield "    }"
        yield ""
    given = ", ".join(f"{name}: {_field(field)}{'' if field.required else ' = nil'}" for name, field in named)
    yield f"    public init({given}) {{"
    yield from (f"        self.{name} = {name}" for name, _ in named)
    yield "    }"
    if any(field.required and nullable(field.type)[0] for field in record.fields):
        yield from _encode(named)
    yield "}"


def _encode(named: list[tuple[str, Field]]) -> Iterator[str]:
    """Swift itself would leave out nil, also where the plan wants null."""
    yield ""
    yield "    public func encode(to encoder: Encoder) throws {"
    yield "        var container = encoder.container(keyedBy: CodingKeys.self)"
    for name, field in named:
        word = "encode" if field.required else "encodeIfPresent"
        yield f"        try container.{word}({name}, forKey: .{name})"
    yield "    }"


def _field(field: Field) -> str:
    may_be_null, of = nullable(field.type)
    return _type(of) + ("?" if may_be_null or not field.required else "")


def _type(of: Type) -> str:
    may_be_null, of = nullable(of)
    if may_be_null:
        return f"{_type(of)}?"
    if isinstance(of, Basic):
        return _BASIC[of.name]
    if isinstance(of, ListOf):
        return f"[{_type(of.item)}]"
    if isinstance(of, Choice):
        return of.name if of.of_text else _BASIC[of.basic]
    return "JSONValue" if isinstance(of, Union) else of.name


def _enum(choice: Choice) -> Iterator[str]:
    names = Names()
    yield f"public enum {choice.name}: String, Codable, CaseIterable {{"
    for value in choice.values:
        if isinstance(value, str):
            yield f"    case {names.free(camel(words(value)))} = {_quoted(value)}"
    yield "}"


def _function(name: str, call: Call) -> Iterator[str]:
    first, label = _FIRST[call.type]
    called = _quoted(call.event) if call.event is not None else first
    head = f"{first}: String, " if call.event is None else ""
    default = f" = {call.record}()" if call.optional else ""
    # The first argument has no label where it is the only one.
    properties = f"{'' if head else '_ '}properties: {call.record}{default}"
    yield ""
    yield from _comment(call.description, "    ")
    yield f"    public func {name}({head}{properties}) {{"
    yield f"        analytics.{call.type}({first}: {called}, {label}: properties)"
    yield "    }"


def _comment(text: str, indent: str) -> Iterator[str]:
    yield from (f"{indent}/// {line.strip()}".rstrip() for line in text.strip().splitlines())


def _quoted(text: str) -> str:
    """A string literal; control characters are written as Swift writes them."""
    plain = msgspec.json.encode(text).decode()
    for json, swift in (("\\b", "\\u{8}"), ("\\f", "\\u{c}")):
        plain = plain.replace(json, swift)
    return _CONTROL.sub(r"\\u{\1}", plain)
