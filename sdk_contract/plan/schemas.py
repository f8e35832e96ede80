"""The JSON Schemas that a plan comes to: shared parts in reach, forms and server-side events spelt out."""

from typing import Any, Final, NoReturn

from jsonschema_rs import Draft202012Validator, ReferencingError, RegexOptions, ValidationError

from sdk_contract.plan.model import Form, Plan, PlannedEvent, Schema

_SERVER_LIBRARIES: Final = (
    r"^(@segment/analytics-node|analytics-(python|node|go|java|ruby|php|\.net|c#|rust|elixir|clojure|scala)"
    r"|rudder-(python|node|go|java|ruby|php)|rudderstack-.*-(node|python|go|java|ruby|php)"
    r"|snowplow-(python|java|golang|ruby|php|node).*)"
)
TYPES: Final = ("string", "number", "integer", "boolean", "object", "array", "null")
# What the context of an event says that a server sent; `service` of plan.yaml takes its place.
FROM_A_SERVER: Final[Schema] = {
    "anyOf": [
        {"required": ["channel"], "properties": {"channel": {"const": "server"}}},
        {
            "required": ["library"],
            "properties": {
                "library": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string", "pattern": _SERVER_LIBRARIES}},
                }
            },
        },
    ]
}


class BadSchema(ValueError):
    """A schema cannot be used: where in it (keys and indexes), and why."""

    def __init__(self, path: tuple[Any, ...], text: str) -> None:
        super().__init__(text)
        self.path, self.text = path, text


def properties_schema(plan: Plan, event: PlannedEvent) -> Schema:
    """The whole JSON Schema of an event's properties or traits, its form spelt out, its references inside."""
    schema = event.properties if event.form is None else _form_schema(event.form, event.properties)
    return _with_shared(plan, schema)


def context_schemas(plan: Plan, event: PlannedEvent | None) -> list[Schema]:
    """The JSON Schemas of an event's context: the plan's, the event's, and for a service a server's, last."""
    schemas = [plan.context, {} if event is None else event.context]
    found = [_with_shared(plan, schema) for schema in schemas if schema]
    if event is not None and event.kind == "service":
        found.append(_with_shared(plan, FROM_A_SERVER if plan.service is None else plan.service))
    return found


def validator(schema: Schema) -> Draft202012Validator:
    """Makes a schema ready; raises BadSchema.

    Patterns run in linear time (no back-references or look-around), and a schema may only refer to itself.
    """
    try:
        return Draft202012Validator(
            schema, mask="the value", pattern_options=RegexOptions(), retriever=_refuse_reference
        )
    except ValidationError as error:
        raise BadSchema(tuple(error.instance_path), _explained(error)) from None
    except (ReferencingError, ValueError) as error:
        raise BadSchema((), str(error)) from None


def _explained(error: ValidationError) -> str:
    """What would do, where the schema of schemas does not say it well."""
    if error.message.startswith("Pointer '/$defs/"):
        return f"{error.message}; parts that events share stand in plan.yaml, properties"
    place, given = list(error.instance_path), error.instance
    if place[-1:] == ["pattern"] and isinstance(given, str):
        return f"{given!r} is no pattern that runs in linear time; it may not look around or back"
    if place[-1:] == ["type"]:
        return f"{given!r} will not do; one of {', '.join(TYPES)} would"
    return error.message if given is None else f"{given!r} will not do: {error.message}"


def _with_shared(plan: Plan, schema: Schema) -> Schema:
    if not plan.properties or not refers(schema):
        return schema
    return {**schema, "$defs": {**plan.properties, **schema.get("$defs", {})}}


def refers(schema: Any) -> bool:
    """Tells whether a reference stands anywhere in a schema."""
    if isinstance(schema, dict):
        return "$ref" in schema or any(map(refers, schema.values()))
    return isinstance(schema, list) and any(map(refers, schema))


def _form_schema(form: Form, more: Schema) -> Schema:
    """A form's own properties before those that the plan adds; nothing else may come along."""
    own: Schema = {"form": {"const": form.name}, "action": {"enum": list(form.actions)}}
    if form.fields:
        own["field"] = {"enum": list(form.fields)}
    if form.steps:
        own["step"] = {"enum": list(form.steps)}
    schema: Schema = {"type": "object", "additionalProperties": False, **more}
    schema["required"] = ["form", "action", *more.get("required", ())]
    schema["properties"] = own | more.get("properties", {})
    if form.fields and "field" in form.actions:
        touched = {"properties": {"action": {"const": "field"}}}
        schema["allOf"] = [*more.get("allOf", ()), {"if": touched, "then": {"required": ["field"]}}]
    return schema


def _refuse_reference(uri: str) -> NoReturn:
    raise ValueError(f"a schema may only refer to itself (#/…), not to {uri}")
