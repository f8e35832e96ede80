"""What PostHog's SDKs are answered, and told when they ask how to send."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from sdk_contract.dialects import Answer, Config, Outcome, Visit
from sdk_contract.verdicts import Judgement, Verdict

_encode: Final = msgspec.json.Encoder().encode
ACCEPTED: Final = Answer(200, b'{"status":1}')


def _refused(status: int, code: str, detail: str) -> Answer:
    body = {"type": "validation_error", "code": code, "detail": detail, "attr": None}
    return Answer(status, _encode(body))


_LATER: Final = _refused(503, "unavailable", "Try again later.")
# Browsers drop what is answered 408 or 429; everything of PostHog sends again what is answered 503.
ANSWERS: Final = {
    Outcome.ACCEPTED: ACCEPTED,
    Outcome.BAD_ENVELOPE: _refused(400, "invalid_payload", "The body is none of PostHog's forms."),
    Outcome.UNKNOWN_KEY: _refused(401, "invalid_api_key", "There is no such write key, or it is revoked."),
    Outcome.SLOW_BODY: _LATER,
    Outcome.TOO_LARGE: _refused(413, "too_large", "The body is too large, or has too many events."),
    Outcome.OVER_QUOTA: _LATER,
    Outcome.OVERLOADED: _LATER,
    Outcome.BUSY: _LATER,
    Outcome.DRAINING: _LATER,
}
# Nothing that would have the SDK ask again or send elsewhere: no flags, surveys, recordings, scripts.
CONFIG: Final[dict[str, Any]] = {
    "supportedCompression": ["gzip", "gzip-js"],
    "hasFeatureFlags": False,
    "captureDeadClicks": False,
    "capturePerformance": False,
    "autocapture_opt_out": False,
    "autocaptureExceptions": False,
    "analytics": {"endpoint": "/i/v0/e/"},
    "elementsChainAsString": True,
    "errorTracking": {"autocaptureExceptions": False, "suppressionRules": []},
    "logs": {"captureConsoleLogs": False},
    "sessionRecording": False,
    "heatmaps": False,
    "conversations": False,
    "surveys": False,
    "productTours": False,
    "defaultIdentifiedOnly": True,
    "siteApps": [],
}
_FLAGS: Final[dict[str, Any]] = {
    "errorsWhileComputingFlags": False,
    "flags": {},
    "featureFlags": {},
    "featureFlagPayloads": {},
    "quotaLimited": [],
    "requestId": "none",
}
_SCRIPT: Final = (
    b"(function(){var c=window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{};"
    b"c[%b]={config:%b,siteApps:[]}})();"
)


def reply(kind: str, query: bytes, message_ids: Sequence[str], judgements: Sequence[Judgement]) -> Answer:
    """One word for all, or of protocol v1 a result for each event."""
    if kind != "v1":
        return ACCEPTED
    results = {message_id: {"result": "ok"} for message_id in message_ids}
    for judged in judgements:
        if judged.verdict in (Verdict.REJECTED, Verdict.FILTERED):
            results[message_ids[judged.index]] = {"result": "drop"}
    return Answer(200, _encode({"results": results}))


def _config(visit: Visit) -> Answer:
    return Answer(200, _encode(CONFIG))


def _script(visit: Visit) -> Answer:
    """The token stands in a script: `<` and what ends a line are escaped."""
    token = _encode(visit.params["token"]).replace(b"<", b"\\u003c")
    token = token.replace("\u2028".encode(), b"\\u2028").replace("\u2029".encode(), b"\\u2029")
    return Answer(200, _SCRIPT % (token, _encode(CONFIG)), b"application/javascript")


def _flags(visit: Visit) -> Answer:
    return Answer(200, _encode({**CONFIG, **_FLAGS}))


def _none(visit: Visit) -> Answer:
    return Answer(200, b'{"surveys":[],"survey_config":null}')


CONFIGS: Final = (
    Config("GET", "/array/{token}/config", _config),
    Config("GET", "/array/{token}/config.js", _script),
    *(Config("POST", path, _flags) for path in ("/flags", "/decide")),
    Config("GET", "/api/surveys", _none),
)
