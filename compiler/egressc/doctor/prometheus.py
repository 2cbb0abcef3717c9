"""A Prometheus: a question in, and what it answers out. It is only read.

Neither a redirection nor a proxy is followed: either would get the token.
"""

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

#: Seconds for one question.
PATIENCE = 20.0
#: Bytes of one answer: some thousand hosts take a few millions.
MAX_ANSWER = 64 * 1024 * 1024
PART = 1 << 16
TOKEN = re.compile(r"[\x21-\x7e]+")
ADDRESS = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~%/-]*)?")


class Answer(NamedTuple):
    """An answer of HTTP; `body` has one byte too many where it is longer than MAX_ANSWER."""

    status: int
    body: bytes


#: A question of PromQL in, an answer out. Raises SilentError.
Query = Callable[[str], Answer]


class SilentError(Exception):
    """Nobody answers; the text says why."""


def prometheus(address: str, token: str | None) -> Query:
    """What asks the Prometheus at `address`, with `token` if there is one. A ValueError says what is wrong there."""
    if not ADDRESS.fullmatch(address):
        raise ValueError("the address of a Prometheus is like https://prometheus.example.com, without a password")
    parts = urlsplit(address)
    if token is not None and not TOKEN.fullmatch(token):
        raise ValueError("the token is empty, or has blanks or letters that no header takes")
    host, port, path = parts.hostname or "", parts.port, f"{parts.path.rstrip('/')}/api/v1/query"
    if token is not None and parts.scheme == "http" and not _is_here(host):
        raise ValueError("a token is not sent in clear: ask by https://, or by `kubectl port-forward` and localhost")
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection

    def query(question: str) -> Answer:
        connection = kind(host, port, timeout=PATIENCE)
        try:
            connection.request("GET", f"{path}?{urlencode({'query': question})}", headers=headers)
            status, body = _read(connection)
            # one that answers with what it was told
            return Answer(status, body.replace(token.encode(), b"") if token else body)
        except (OSError, HTTPException, UnicodeError) as error:
            raise SilentError(_why(error)) from None
        finally:
            connection.close()

    return query


def _read(connection: HTTPConnection) -> Answer:
    until = time.monotonic() + PATIENCE
    response = connection.getresponse()
    body = bytearray()
    while len(body) <= MAX_ANSWER and (part := response.read1(PART)):
        body += part
        if time.monotonic() > until:
            raise TimeoutError
    return Answer(response.status, bytes(body))


def _why(error: OSError | HTTPException | UnicodeError) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {PATIENCE:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not verify: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "it does not speak TLS on this port"
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return "its name is not resolved"
    if isinstance(error, OSError):
        return (error.strerror or "the connection ends").lower()
    return "it does not speak HTTP on this port"


def _is_here(host: str) -> bool:
    """Whether `host` is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
