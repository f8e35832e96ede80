"""Advice on a plan that can be used but could be better."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from sdk_contract.plan.faults import follow
from sdk_contract.plan.folder import Folder, Problem, Source
from sdk_contract.plan.keywords import parts
from sdk_contract.plan.model import Plan, PlannedEvent, Schema
from sdk_contract.plan.schemas import properties_schema

# How names are written; what is written in Chinese fits every style.
_STYLES: Final = {
    "Title Case": re.compile(r"[A-Z0-9][A-Za-z0-9]*(?: [A-Z0-9][A-Za-z0-9]*)*"),
    "snake_case": re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*"),
    "camelCase": re.compile(r"[a-z]+(?:[A-Z0-9][a-z0-9]*)+"),
    "kebab-case": re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+"),
    "lower case with spaces": re.compile(r"[a-z0-9]+(?: [a-z0-9]+)+"),
}
_CHINESE: Final = re.compile(r"[㐀-鿿]+")
# Names of properties that hold personal data more often than not.
_PERSONAL: Final = {
    "email": re.compile(r"(\w+_)?e_?mail(_?address)?|邮箱|电子邮件"),
    "phone": re.compile(r"(\w+_)?(telephone|phone|mobile)(_?(no|number))?|tel|手机号?|电话"),
    "name": re.compile(r"(first|last|full|real|given|family|user|receiver)_?name|姓名"),
    "address": re.compile(r"(street|home|post|postal|shipping|delivery)_?address|(收货)?地址"),
    "birthday": re.compile(r"birth_?(day|date)|date_of_birth|dob|生日|出生日期"),
    "id_number": re.compile(r"id_?(card|number|no)|身份证号?|passport(_?no)?"),
    "card": re.compile(r"(credit|bank|card)_?(card|number|no)|银行卡号?"),
    "ip": re.compile(r"ip|(client_|remote_)?ip(_?address)?"),
}  # fmt: skip
_SECRET: Final = re.compile(r"password|passwd|pwd|cvv|cvc|密码|验证码")


def advice(folder: Folder) -> Iterator[Problem]:
    """All warnings about a folder that could be read."""
    plan = folder.plan
    if plan is None:
        return
    pairs = list(zip(folder.sources, plan.events, strict=True))
    yield from _on_shared(folder.head, plan)
    yield from _on_names(pairs)
    for source, event in pairs:
        yield from _on_event(source, event)
        yield from _on_properties(source, ("properties",), event.properties, properties_schema(plan, event))
    for name, schema in plan.properties.items():
        root = {"$defs": plan.properties}
        yield from _on_properties(folder.head, ("properties", name), schema, root)


def _on_shared(source: Source, plan: Plan) -> Iterator[Problem]:
    schemas: list[Any] = [plan.context, plan.service or {}, *plan.properties.values()]
    schemas += [schema for event in plan.events for schema in (event.properties, event.context)]
    used = {part.get("$ref") for schema in schemas for _, part in parts(schema)}
    for name in plan.properties:
        if f"#/$defs/{name}" not in used:
            yield _warning(source, ("properties", name), "no event refers to this")


def _on_names(pairs: list[tuple[Source, PlannedEvent]]) -> Iterator[Problem]:
    tracks = [(source, event.event) for source, event in pairs if event.type == "track" and event.event]
    usual = _usual_style(name for _, name in tracks)
    seen: dict[str, str] = {}
    for source, name in tracks:
        if usual and not _fits(name, usual):
            yield _warning(source, ("event",), f"{name!r} is not in {usual}, as most names of this plan are")
        same = seen.setdefault(re.sub(r"[\W_]", "", name.casefold()), name)
        if same != name:
            yield _warning(source, ("event",), f"{name!r} is easily taken for {same!r}")
        if name != name.strip():
            yield _warning(source, ("event",), f"{name!r} has spaces around it")


def _on_event(source: Source, event: PlannedEvent) -> Iterator[Problem]:
    for field, wanted in (("description", "when it is sent"), ("owner", "who answers for it")):
        if not getattr(event, field):
            yield _warning(source, (field,), f"{event.title!r} has no {field}; say {wanted}")
    if event.key_event and not event.properties:
        yield _warning(source, ("key_event",), "a key event should say what its properties are")
    if event.conversion is not None and not event.key_event:
        yield _warning(source, ("conversion",), "a conversion is a key event; add `key_event: true`")
    if event.conversion is not None and event.conversion.value and not event.conversion.currency:
        yield _warning(source, ("conversion",), "amounts without a currency cannot be added up")


def _on_properties(source: Source, path: tuple[Any, ...], schema: Schema, root: Schema) -> Iterator[Problem]:
    for at, part in parts(schema):
        planned = part.get("properties", {})
        for index, name in enumerate(part.get("required", ())):
            if name not in planned and part.get("additionalProperties") is not False:
                text = f"{name!r} is required, and nothing says what it is; add it to properties"
                yield _warning(source, (*path, *at, "required", index), text)
        usual = _usual_style(planned)
        for name, inner in planned.items():
            place = (*path, *at, "properties", name)
            if usual and not _fits(name, usual):
                yield _warning(source, place, f"{name!r} is not in {usual}, as its neighbours are")
            yield from _on_property(source, place, name, inner, root)


def _on_property(
    source: Source, place: tuple[Any, ...], name: str, schema: Any, root: Schema
) -> Iterator[Problem]:
    said = follow(schema, root) | (schema if isinstance(schema, dict) else {})
    if not said.get("description"):
        yield _warning(source, place, f"{name!r} has no description")
    if _SECRET.fullmatch(name.casefold()):
        yield _warning(source, place, f"{name!r} looks like a secret, which no event should carry")
    if "x-pii" in said or said.get("type") in ("object", "boolean"):
        return
    for of_class, names in _PERSONAL.items():
        if names.fullmatch(_snake(name)):
            yield _warning(
                source, place, f"{name!r} looks personal; `x-pii: {of_class}` would have it treated"
            )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").casefold()


def _usual_style(names: Iterable[str]) -> str | None:
    """The style of most names that are in one; None where too few are to speak of a habit."""
    found = Counter(style for name in names if (style := _style(name)))
    (style, number) = found.most_common(1)[0] if found else ("", 0)
    return style if number >= 2 and number * 2 > found.total() else None


def _style(name: str) -> str | None:
    """The style that a name is in for certain: one word in lower case fits several."""
    fitting = [style for style in _STYLES if _fits(name, style) and _latin(name)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(name: str, style: str) -> bool:
    latin = _latin(name)
    word = style in ("snake_case", "camelCase", "kebab-case", "lower case with spaces")
    return (
        not latin or bool(_STYLES[style].fullmatch(latin)) or (word and latin.isalnum() and latin.islower())
    )


def _latin(name: str) -> str:
    return _CHINESE.sub(" ", name).strip()


def _warning(source: Source, path: tuple[Any, ...], text: str) -> Problem:
    return source.problem(path, text, "warning")
