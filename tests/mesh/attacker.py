"""A workload taken over: its own account's mesh certificate, and any bytes, past its sidecar, to any address."""

import io
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from typing_extensions import override

from tests.mesh.client import CERTIFICATES, Answer, Client
from tests.mesh.errors import MeshError
from tests.mesh.gateway import CONTAINER
from tests.mesh.http2 import Http2
from tests.mesh.kubectl import execute

SECONDS = 5.0


class Stream(io.RawIOBase):
    """A connection in clear, or TLS over another stream."""

    def __init__(self, below: "socket.socket | Stream", context: ssl.SSLContext | None = None, sni: str = "") -> None:
        self._below = below
        self._tls: ssl.SSLObject | None = None
        if context:
            self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=sni or None)
            self._handshake(self._tls)

    @override
    def readable(self) -> bool:
        return True

    @override
    def writable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self.receive(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def receive(self, size: int = 65536) -> bytes:
        """What comes next; nothing when the other side has ended."""
        if not self._tls:
            return self._receive_below(size)
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                self._flush()
                self._feed()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def send(self, data: bytes) -> None:
        """Send all of it."""
        if self._tls:
            self._tls.write(data)
            self._flush()
        else:
            self._send_below(data)

    @override
    def close(self) -> None:
        """`http.client` closes what it has read to the end: the connection goes on."""

    def makefile(self, *_: object) -> io.BufferedReader:
        """The stream as `http.client` reads a socket."""
        return io.BufferedReader(self)

    def _handshake(self, tls: ssl.SSLObject) -> None:
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                self._feed()
            else:
                return self._flush()

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._send_below(data)

    def _send_below(self, data: bytes) -> None:
        if isinstance(self._below, Stream):
            self._below.send(data)
        else:
            self._below.sendall(data)

    def _feed(self) -> None:
        if data := self._receive_below(65536):
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _receive_below(self, size: int) -> bytes:
        return self._below.receive(size) if isinstance(self._below, Stream) else self._below.recv(size)


@dataclass(frozen=True)
class Attacker:
    """Whoever has taken over a client pod."""

    #: Its certificate; without one it speaks in clear.
    mesh: ssl.SSLContext | None

    @contextmanager
    def connect(self, address: str, port: int, sni: str, alpn: Sequence[str] = ()) -> Iterator[Stream]:
        """The mesh's TLS to a gateway's address, with the account's certificate and any SNI."""
        if self.mesh:
            self.mesh.set_alpn_protocols(list(alpn))
        with socket.create_connection((address, port), timeout=SECONDS) as connection:
            yield Stream(connection, self.mesh, sni)

    def http(self, address: str, port: int, sni: str, request: str, *headers: str) -> Answer:
        """An HTTP/1.1 request as it is written, such as `GET /a`; Host is the SNI where none is given."""
        return self._ask(address, port, sni, ("http/1.1",), lambda stream: http1(stream, sni, request, *headers))

    def http2(
        self, address: str, port: int, sni: str, request: str, authority: str = "", *fields: tuple[str, str]
    ) -> Answer:
        """The same over HTTP/2, its method, path and further fields as they are written."""
        method, _, path = request.partition(" ")

        def ask(stream: Stream) -> Answer:
            status, body = Http2(stream.send, stream.receive).ask(method, authority or sni, path, *fields)
            return Answer(status, {}, body.decode(errors="replace"), 0, "")

        return self._ask(address, port, sni, ("h2",), ask)

    def tls_in_tls(self, address: str, port: int, sni: str, inner: str, request: str, *headers: str) -> Answer:
        """An HTTP/1.1 request in TLS of its own with the SNI `inner`, carried by the mesh's TLS."""

        def ask(stream: Stream) -> Answer:
            return http1(Stream(stream, anybody(), inner), inner, request, *headers)

        return self._ask(address, port, sni, (), ask)

    def raw(self, address: str, port: int, sni: str, data: bytes, alpn: Sequence[str] = ()) -> bytes:
        """What comes back for these bytes inside the mesh's TLS; nothing when it is refused."""
        try:
            with self.connect(address, port, sni, alpn) as stream:
                stream.send(data)
                return stream.receive()
        except OSError:
            return b""

    def _ask(self, address: str, port: int, sni: str, alpn: Sequence[str], ask: Callable[[Stream], Answer]) -> Answer:
        try:
            with self.connect(address, port, sni, alpn) as stream:
                return ask(stream)
        except (OSError, HTTPException, EOFError) as error:
            return Answer(0, {}, "", 1, f"{type(error).__name__}: {error}")


def http1(stream: Stream, host: str, request: str, *headers: str, close: bool = True) -> Answer:
    """An HTTP/1.1 request as it is written; without `close` the connection goes on."""
    given = {header.partition(":")[0].lower() for header in headers}
    lines = [f"{request} HTTP/1.1", *([] if "host" in given else [f"Host: {host}"]), *headers]
    if close:
        lines.append("Connection: close")
    stream.send("\r\n".join([*lines, "", ""]).encode())
    response = HTTPResponse(cast(socket.socket, stream), method=request.partition(" ")[0].upper())
    response.begin()
    known: dict[str, list[str]] = {}
    for name, value in response.getheaders():
        known.setdefault(name.lower(), []).append(value)
    return Answer(response.status, known, response.read().decode(errors="replace"), 0, "")


def anybody() -> ssl.SSLContext:
    """TLS that trusts everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def take_over(client: Client) -> Attacker:
    """Read the mesh certificate and the key of a client pod's account, as its sidecar keeps them."""
    with TemporaryDirectory() as folder:
        for name in ("cert-chain.pem", "key.pem"):
            done = execute(client.namespace, client.name, CONTAINER, ["cat", f"{CERTIFICATES}/{name}"])
            if done.returncode:
                raise MeshError(f"pod {client.namespace}/{client.name} has no {name}: {done.stderr.strip()}")
            Path(folder, name).write_text(done.stdout)
        context = anybody()
        context.load_cert_chain(Path(folder, "cert-chain.pem"), Path(folder, "key.pem"))
    return Attacker(context)
