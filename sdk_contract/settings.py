"""Settings of a service: one frozen struct, each field readable from one SOJOURN_* variable. Pure."""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, Literal, NoReturn, TypeVar, get_args, get_type_hints

import msgspec
from msgspec.inspect import BoolType, Field, FloatType, IntType, Metadata, StructType, UnionType, type_info

from sdk_contract.errors import SettingError

PREFIX = "SOJOURN_"
T = TypeVar("T", bound=msgspec.Struct)

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SIZE = re.compile(r"(\d+)(KiB|MiB|GiB|kB|MB|GB|B)")
_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_FLAGS = {"1": "true", "yes": "true", "on": "true", "0": "false", "no": "false", "off": "false"}


class Secret(str):
    """A text that is never printed: both its str() and its repr() are `***`; `reveal` gives the text."""

    def __str__(self) -> str:
        return "***"

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def reveal(self) -> str:
        """Returns the text itself."""
        return "".join(self)


class Setting(msgspec.Struct, frozen=True):
    """One setting as `sojourn config show` prints it; a secret's value is `***`."""

    name: str
    variable: str
    value: Any
    source: Literal["default", "environment"]
    help: str


def load(cls: type[T], env: Mapping[str, str], known: Collection[str] = ()) -> T:
    """Reads a struct of settings from the environment; what is not there keeps its default.

    Durations are seconds as float ("2s", "500ms"), sizes bytes as int ("8MiB"). `known`: variables of other
    services. Raises SettingError for an unknown SOJOURN_* variable and a value that does not fit.
    """
    fields = {variable_of(field.name): field for field in _fields(cls)}
    for variable in env:
        if variable.startswith(PREFIX) and variable not in fields and variable not in known:
            _refuse_unknown(variable, {*fields, *known})
    hints = get_type_hints(cls, include_extras=True)
    present = {variable: field for variable, field in fields.items() if variable in env}
    return cls(
        **{f.name: _read(variable, env[variable], f, hints[f.name]) for variable, f in present.items()}
    )


def describe(cls: type[T], env: Mapping[str, str], known: Collection[str] = ()) -> list[Setting]:
    """Returns every setting of a service, its value now and where that comes from; errors as in `load`."""
    settings = load(cls, env, known)
    return [_describe(field, getattr(settings, field.name), env) for field in _fields(cls)]


def variables(cls: type[msgspec.Struct]) -> set[str]:
    """Returns the names of the variables that a struct of settings reads."""
    return {variable_of(field.name) for field in _fields(cls)}


def variable_of(name: str) -> str:
    """Returns the variable of a field: `batch_limit` -> `SOJOURN_BATCH_LIMIT`."""
    return PREFIX + name.upper()


def _fields(cls: type[msgspec.Struct]) -> tuple[Field, ...]:
    info = type_info(cls)
    assert isinstance(info, StructType)
    return info.fields


def _describe(field: Field, value: Any, env: Mapping[str, str]) -> Setting:
    variable = variable_of(field.name)
    shown = "***" if isinstance(value, Secret) else value
    return Setting(field.name, variable, shown, "environment" if variable in env else "default", _help(field))


def _help(field: Field) -> str:
    metadata = field.type
    schema = (metadata.extra_json_schema or {}) if isinstance(metadata, Metadata) else {}
    return str(schema.get("description", ""))


def _refuse_unknown(variable: str, names: Collection[str]) -> NoReturn:
    near = get_close_matches(variable, names, n=1)
    advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(names))}"
    raise SettingError(f"{variable} is not a setting; {advice}")


def _read(variable: str, text: str, field: Field, hint: Any) -> Any:
    if _is_secret(hint):
        return Secret(text)
    try:
        return msgspec.convert(_plain(text, _kinds(field)), type=hint, strict=False)
    except msgspec.ValidationError as error:
        raise SettingError(f"{variable}={text!r} will not do: {_wanted(str(error), _kinds(field))}") from None


def _is_secret(hint: Any) -> bool:
    return hint is Secret or any(map(_is_secret, get_args(hint)))


def _kinds(field: Field) -> set[type]:
    kind = field.type.type if isinstance(field.type, Metadata) else field.type
    return {type(part) for part in (kind.types if isinstance(kind, UnionType) else (kind,))}


def size_of(text: str) -> int:
    """The bytes of a size such as 5GiB, 512MiB or 100. SettingError for another text."""
    plain = _plain(text, {IntType})
    if not plain.isdecimal():
        raise SettingError(f"{text!r} is no size; 5GiB, 512MiB or a number of bytes would do")
    return int(plain)


def _plain(text: str, kinds: set[type]) -> str:
    """Turns "2s" into "2.0" for a float, "8MiB" into "8388608" for an int, "on" into "true" for a flag."""
    text = text.strip()
    if FloatType in kinds and (match := _DURATION.fullmatch(text)):
        return str(float(match[1]) * _SECONDS[match[2]])
    if IntType in kinds and (match := _SIZE.fullmatch(text)):
        return str(int(match[1]) * _BYTES[match[2]])
    return _FLAGS.get(text.lower(), text) if BoolType in kinds else text


def _wanted(error: str, kinds: set[type]) -> str:
    if FloatType in kinds:
        return f"{error}; a number of seconds, 2s or 500ms would do"
    if IntType in kinds:
        return f"{error}; a whole number, or a size such as 8MiB, would do"
    return f"{error}; true or false would do" if BoolType in kinds else error
