"""The one listening socket, made by the supervisor and inherited by every worker."""

import errno
import socket
from ipaddress import ip_address

from collector.errors import CannotStart

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A bound, listening, inheritable TCP socket; CannotStart where the address cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise CannotStart(
            f"host {host!r} cannot be listened on: {error}; use for example 127.0.0.1"
        ) from error
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        raise CannotStart(_why(error, host, port)) from error
    found.set_inheritable(True)
    return found


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use by another program; stop it or choose another port"
    if error.errno == errno.EACCES:
        return f"port {port} on {host} needs more rights; choose one above 1023"
    return f"{host}:{port} cannot be listened on: {error.strerror}"


def is_loopback(host: str) -> bool:
    """True where only this machine can reach `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def url_of(sock: socket.socket, secure: bool = False) -> str:
    """The address a browser on this machine would use."""
    scheme = "https" if secure else "http"
    host, port = sock.getsockname()[:2]
    if ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
