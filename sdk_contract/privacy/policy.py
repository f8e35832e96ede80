"""What a project wants done with what says who somebody is."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, Self, get_args

import msgspec
from msgspec import Struct

from sdk_contract.privacy.errors import PolicyError

Action = Literal["keep", "drop", "mask", "hash", "encrypt"]
PiiClass = Literal[
    "email", "phone", "name", "address", "birthday", "id_number", "uscc", "card", "ip", "account", "text"
]
Detected = Literal["email", "phone", "card", "id_number", "uscc"]
IpPolicy = Literal["keep", "truncate", "hash", "drop"]
OnSignal = Literal["ignore", "filter"]

ACTIONS: Final[tuple[str, ...]] = get_args(Action)
PII_CLASSES: Final[tuple[str, ...]] = get_args(PiiClass)
DETECTED: Final[tuple[str, ...]] = get_args(Detected)
# A built-in policy is written `strict@0`; those that were set count from 1.
PRESET_NUMBER: Final = 0


class Consent(Struct, frozen=True, forbid_unknown_fields=True):
    """What an event needs the person's consent for.

    `default` is the category of events for which the tracking plan names none; None: they need no consent.
    `missing`: what becomes of an event that needs consent and does not say whether there is any.
    """

    default: str | None = None
    missing: Literal["allow", "filter"] = "allow"


class Policy(Struct, frozen=True, eq=False, forbid_unknown_fields=True):
    """One privacy policy; what it does not name is kept.

    `ip` is what a write key made with it does with addresses, `pii` what becomes of planned properties by
    their class, `detect` of what the detectors find in any value, `gpc` and `dnt` of events whose browser
    sent Sec-GPC or DNT. Two policies are the same where their `to_json` is.
    """

    ip: IpPolicy = "truncate"
    pii: dict[PiiClass, Action] = {}
    detect: dict[Detected, Action] = {}
    gpc: OnSignal = "ignore"
    dnt: OnSignal = "ignore"
    consent: Consent = Consent()

    @property
    def treats_planned(self) -> bool:
        """Tells whether a property can be changed because the plan gives it a class."""
        return any(action != "keep" for action in self.pii.values())

    @property
    def detects(self) -> bool:
        """Tells whether a value can be changed because of what it looks like."""
        return any(action != "keep" for action in self.detect.values())

    def to_json(self) -> str:
        """The same text for the same policy."""
        return _encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Reads what `to_json` wrote, or a person; PolicyError names the field and what would do."""
        try:
            return cls.from_plain(msgspec.json.decode(text))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise PolicyError(f"the privacy policy is no JSON: {error}") from None

    @classmethod
    def from_plain(cls, value: Any) -> Self:
        """Makes a policy of the dictionary that a YAML or JSON file holds; PolicyError as above."""
        _lint(value)
        try:
            return msgspec.convert(value, cls)
        except msgspec.ValidationError as error:
            raise PolicyError(f"the privacy policy cannot be used: {error}") from None


_encode = msgspec.json.Encoder(order="deterministic").encode
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "ip": get_args(IpPolicy),
    "gpc": get_args(OnSignal),
    "dnt": get_args(OnSignal),
}
_ACTED_ON: Final[Mapping[str, tuple[str, ...]]] = {"pii": PII_CLASSES, "detect": DETECTED}


def _lint(value: Any) -> None:
    if not isinstance(value, dict):
        raise PolicyError("a privacy policy is an object, such as {ip: drop, detect: {email: hash}}")
    _check_names("", value, Policy.__struct_fields__)
    for field, choices in _CHOICES.items():
        if field in value:
            _check_choice(field, value[field], choices)
    for field, names in _ACTED_ON.items():
        part = value.get(field, {})
        _check_names(field, part, names)
        for name, action in part.items():
            _check_choice(f"{field}.{name}", action, ACTIONS)
    _check_names("consent", value.get("consent", {}), Consent.__struct_fields__)
    if "missing" in value.get("consent", {}):
        _check_choice("consent.missing", value["consent"]["missing"], ("allow", "filter"))


def _check_names(field: str, part: Any, names: tuple[str, ...]) -> None:
    if not isinstance(part, dict):
        raise PolicyError(f"privacy policy, {field}: {part!r} is no object")
    for name in part:
        if name not in names:
            where = f"{field}.{name}" if field else str(name)
            raise PolicyError(f"privacy policy, {where}: not known; one of {', '.join(names)} would do")


def _check_choice(field: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise PolicyError(f"privacy policy, {field}: {value!r}; one of {', '.join(choices)} would do")


NONE: Final = Policy()
STANDARD: Final = Policy(
    ip="truncate",
    pii={
        "email": "hash",
        "phone": "hash",
        "name": "mask",
        "address": "mask",
        "birthday": "mask",
        "id_number": "hash",
        "uscc": "mask",
        "card": "mask",
        "ip": "mask",
        "account": "hash",
        "text": "keep",
    },
)
STRICT: Final = Policy(
    ip="drop",
    pii={
        "email": "hash",
        "phone": "hash",
        "name": "drop",
        "address": "drop",
        "birthday": "drop",
        "id_number": "hash",
        "uscc": "hash",
        "card": "drop",
        "ip": "drop",
        "account": "hash",
        "text": "drop",
    },
    detect={"email": "hash", "phone": "hash", "card": "drop", "id_number": "hash", "uscc": "hash"},
    gpc="filter",
    dnt="filter",
    consent=Consent(missing="filter"),
)
PRESETS: Final[Mapping[str, Policy]] = MappingProxyType(
    {"none": NONE, "standard": STANDARD, "strict": STRICT}
)
