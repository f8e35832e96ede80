"""What the real SDKs are asked to send: all six calls, with texts of several scripts and nested properties.

Each call is given in the SDKs' common words; `expected` is how its fields must stand in SQL.
"""

from typing import Any

DEEP = {
    "str": "naïve café 🛒 日本語 العربية",
    "int": 7,
    "big": 9007199254740991,
    "float": 12.5,
    "small": 1e-7,
    "yes": True,
    "none": None,
    "empty": "",
    "list": [1, "two", {"three": 3}, [[]]],
    "obj": {"deep": {"er": {"est": "x" * 300}}, "ключ": "значение", "a.b": 1, "": "no name"},
    "quote": 'it\'s "quoted" \\ and\nlined\ttabbed </script>',
}
ADDRESS, TRUNCATED = "203.0.113.9", "203.0.113.0"
CONTEXT: dict[str, Any] = {
    "ip": ADDRESS,
    "locale": "de-CH",
    "timezone": "Asia/Shanghai",
    "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36",
    "page": {"url": "https://shop.example/p/1?q=茶", "path": "/p/1", "title": "茶 · Tea", "referrer": ""},
    "campaign": {"source": "neuigkeiten", "medium": "e-mail", "name": "Früh­ling"},
    "app": {"name": "Shop", "version": "1.2.3.4"},
    "own": {"nested": [{"anything": None}]},
}


def calls(sdk: str) -> list[dict[str, Any]]:
    """One call of each type, with ids that only this `sdk` uses."""
    user, device = f"{sdk}-Ünïcode-用户", f"{sdk}-device"
    both = {"userId": user, "anonymousId": device}
    return [
        call(
            sdk,
            0,
            "track",
            {"userId": user, "event": "Product Viewed 看", "properties": DEEP, "context": CONTEXT},
        ),
        call(
            sdk,
            1,
            "page",
            {**both, "category": "Docs", "name": "Начало", "properties": {"url": "https://shop.example/"}},
        ),
        call(sdk, 2, "screen", {"anonymousId": device, "name": "Bienvenue", "properties": {"Ton": "größe"}}),
        call(
            sdk, 3, "identify", {**both, "traits": {"email": "mei@shop.example", "plan": {"tier": ["gold"]}}}
        ),
        call(
            sdk,
            4,
            "group",
            {"userId": user, "groupId": f"{sdk}-团队", "traits": {"seats": 12, "name": "Équipe"}},
        ),
        call(
            sdk,
            5,
            "alias",
            {"previousId": f"{sdk}-former", "userId": user, "context": {"why": {"merge": True}}},
        ),
    ]


def call(sdk: str, number: int, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": kind,
        "messageId": f"{sdk}-message-{number}",
        "timestamp": f"2026-11-02T03:04:0{number}.678Z",
        "integrations": {"All": True, "Mixpanel": number % 2 == 0},
        **fields,
    }
