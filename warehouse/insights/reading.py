"""Questions from outside: JSON, or texts by field as a command line and a web address have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from warehouse.insights.errors import BadQuestion, unknown
from warehouse.insights.question import Question

Q = TypeVar("Q", bound=Question)
T = TypeVar("T", bound=msgspec.Struct)


def from_json(of: type[Q], text: bytes | str) -> Q:
    """BadQuestion says which field will not do."""
    try:
        return msgspec.json.decode(text, type=of)
    except msgspec.MsgspecError as error:
        raise _refused(error) from None


def from_texts(of: type[Q], given: Mapping[str, Sequence[str]]) -> Q:
    """Each field's texts, several where the field is a list. BadQuestion, UnknownName."""
    fields = {field.name: field for field in msgspec.structs.fields(of)}
    for name in given:
        if name not in fields:
            raise unknown("field of the question", name, fields)
    values: dict[str, Any] = {}
    for name, texts in given.items():
        if is_list(fields[name].type):
            values[name] = list(texts)
        elif len(texts) > 1:
            raise BadQuestion(f"{name} is given {len(texts)} times; once would do")
        else:
            values[name] = texts[0]
    try:
        return msgspec.convert(values, of, strict=False)
    except msgspec.MsgspecError as error:
        raise _refused(error) from None


def read_texts(of: type[T], given: Iterable[tuple[str, str]]) -> T:
    """A struct of single values from the fields of an address. BadQuestion, UnknownName."""
    values: dict[str, str] = {}
    for name, text in given:
        if name not in of.__struct_fields__:
            raise unknown("field", name, of.__struct_fields__)
        if name in values:
            raise BadQuestion(f"{name} is given twice; once would do")
        values[name] = text
    try:
        return msgspec.convert(values, of, strict=False)
    except msgspec.MsgspecError as error:
        raise _refused(error) from None


def is_list(type: Any) -> bool:
    """Whether a field holds many values."""
    return isinstance(plain(type), msgspec.inspect.VarTupleType)


def plain(type: Any) -> msgspec.inspect.Type:
    """What msgspec knows of a type, without what was annotated."""
    found = msgspec.inspect.type_info(type)
    return found.type if isinstance(found, msgspec.inspect.Metadata) else found


def _refused(error: msgspec.MsgspecError) -> BadQuestion:
    return BadQuestion(f"the question cannot be read: {error}")
