"""A typed client in Kotlin: data classes for kotlinx.serialization, over any SDK that takes a JsonObject."""

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
from sdk_contract.codegen.names import Names, camel, pascal, words

_BASIC: Final = {
    "string": "String",
    "number": "Double",
    "integer": "Long",
    "boolean": "Boolean",
    "anything": "JsonElement",
    "null": "JsonNull",
}
_HEAD: Final = """\
// Made by `sojourn plan types` from tracking plan {version}. Do not edit: make it anew when the plan changes.

import kotlinx.serialization.SerialName
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.encodeToJsonElement
import kotlinx.serialization.json.jsonObject

/** What is needed of an SDK; each function hands on to the one of the same name. */
interface Analytics {{
    fun track(event: String, properties: JsonObject)
    fun identify(userId: String, traits: JsonObject)
    fun group(groupId: String, traits: JsonObject)
    fun page(name: String, properties: JsonObject)
    fun screen(name: String, properties: JsonObject)
}}
"""
_FIRST: Final = {"identify": "userId", "group": "groupId", "page": "name", "screen": "name"}


def kotlin(client: Client) -> str:
    """The file's text."""
    names = Names()
    functions = [(names.free(camel(call.words)), call) for call in client.calls]
    lines = [_HEAD.format(version=_quoted(client.version))]
    for record in client.records:
        lines += [*_record(record), ""]
        for choice in choices(record):
            lines += [*_enum(choice), ""]
    lines += ["/** The events of the plan. */", "class Tracking(private val analytics: Analytics) {"]
    for name, call in functions:
        lines += _function(name, call)
    return "\n".join([*lines, "}"]) + "\n"


def _record(record: Record) -> Iterator[str]:
    yield from _comment(record.description, "")
    if not record.fields:
        # A data class needs a field.
        yield "@Serializable"
        yield f"class {record.name}"
        return
    yield "@Serializable"
    yield f"data class {record.name}("
    names = Names()
    for field in record.fields:
        yield from _comment(field.description, "    ")
        yield f"    {_field(field, names.free(camel(words(field.name))))},"
    yield ")"


def _field(field: Field, name: str) -> str:
    may_be_null, of = nullable(field.type)
    optional = "?" if may_be_null or not field.required else ""
    default = "" if field.required else " = null"
    serial = "" if name == field.name else f"@SerialName({_quoted(field.name)}) "
    return f"{serial}val {name}: {_type(of)}{optional}{default}"


def _type(of: Type) -> str:
    may_be_null, of = nullable(of)
    if may_be_null:
        return f"{_type(of)}?"
    if isinstance(of, Basic):
        return _BASIC[of.name]
    if isinstance(of, ListOf):
        return f"List<{_type(of.item)}>"
    if isinstance(of, Choice):
        return of.name if of.of_text else _BASIC[of.basic]
    return "JsonElement" if isinstance(of, Union) else of.name


def _enum(choice: Choice) -> Iterator[str]:
    names = Names()
    yield "@Serializable"
    yield f"enum class {choice.name} {{"
    for value in choice.values:
        if isinstance(value, str):
            yield f"    @SerialName({_quoted(value)}) {names.free(pascal(words(value)))},"
    yield "}"


def _function(name: str, call: Call) -> Iterator[str]:
    first = _FIRST.get(call.type)
    called = _quoted(call.event) if call.event is not None else str(first)
    head = f"{first}: String, " if first and call.event is None else ""
    default = f" = {call.record}()" if call.optional else ""
    yield ""
    yield from _comment(call.description, "    ")
    yield f"    fun {name}({head}properties: {call.record}{default}) ="
    yield f"        analytics.{call.type}({called}, Json.encodeToJsonElement(properties).jsonObject)"


def _comment(text: str, indent: str) -> Iterator[str]:
    said = " ".join(text.replace("*/", "* /").replace("/*", "/ *").split())
    if said:
        yield f"{indent}/** {said} */"


def _quoted(text: str) -> str:
    """A string literal, in which $ would begin a template."""
    return msgspec.json.encode(text).decode().replace("$", "\\$").replace("\\f", "\\u000c")
