"""An upstream of this machine that speaks one old version of TLS only, which no program of Go does any more."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from warnings import catch_warnings, simplefilter

from typing_extensions import override

from tests.mesh import settings
from tests.mesh.certificates import Certificate


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        connection = self.connection
        assert isinstance(connection, ssl.SSLSocket)
        body = (connection.version() or "").encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing: what was asked is told by the answer."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    @override
    def handle_error(self, *_: object) -> None:
        """A refused handshake is what is expected of most."""


@contextmanager
def served(port: int, version: ssl.TLSVersion, certificate: Certificate) -> Iterator[str]:
    """Serve HTTP inside of TLS of exactly this version; gives the address. Each answer has the version as its body."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with catch_warnings():
        simplefilter("ignore", DeprecationWarning)  # that it is old is what it is for
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")  # OpenSSL takes old versions at no other level
    with TemporaryDirectory() as folder:
        chain, key = Path(folder, "tls.crt"), Path(folder, "tls.key")
        chain.write_text(certificate.chain)
        key.write_text(certificate.key)
        context.load_cert_chain(chain, key)
    server = _Server((settings.NODE_ADDRESS, port), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield settings.NODE_ADDRESS
    finally:
        server.shutdown()
        server.server_close()
