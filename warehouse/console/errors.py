"""SojournError
└── Terminal
    ├── NobodyWaits      whoever asked has gone
    ├── OpenToStrangers  open to everybody, and listening beyond loopback
    ├── PortTaken        the address cannot be listened on
    └── TakesTooLong     a question needs more time than it may take
"""

from sdk_contract.errors import Terminal


class OpenToStrangers(Terminal):
    """The console would show customers to whoever reaches its port."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"console_host is {host!r}, which others can reach, and console_open lets everybody in: "
            "leave SOJOURN_CONSOLE_OPEN and --demo out, or listen on 127.0.0.1"
        )


class PortTaken(Terminal):
    """The address cannot be listened on."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(
            f"the console cannot listen on {host}, port {port}: {reason}; "
            "choose another with --port or SOJOURN_CONSOLE_PORT"
        )


class TakesTooLong(Terminal):
    """A question needs more time than it may take."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"this takes longer than {seconds:g} s; a shorter range, or fewer steps and fields, would do "
            "(console_seconds)"
        )


class NobodyWaits(Terminal):
    """Whoever asked has gone."""

    def __init__(self) -> None:
        super().__init__("whoever asked has gone; the question was ended")
