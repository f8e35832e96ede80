"""SojournError
└── Terminal
    ├── OpenToStrangers  open to everybody, and listening beyond loopback
    └── PortTaken        the address cannot be listened on
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
