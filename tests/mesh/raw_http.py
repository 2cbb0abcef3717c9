"""An upstream of this machine that tells header names in the letter case in which they came; Go's programs cannot."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from typing_extensions import override

from tests.mesh import settings
from tests.mesh.certificates import Certificate

#: A header of each answer, in this letter case.
ANSWERED = "X-Ledger-STATE"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = " ".join(self.headers).encode()
        self.send_response(200)
        self.send_header(ANSWERED, "open")
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
        """Readiness checks open connections and close them."""


@contextmanager
def served(port: int, certificate: Certificate | None = None) -> Iterator[str]:
    """Serve HTTP/1.1, inside of TLS where there is a certificate; gives the address.

    The body of each answer has the names of the request's headers, with blanks between them.
    """
    server = _Server((settings.NODE_ADDRESS, port), _Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as folder:
            chain, key = Path(folder, "tls.crt"), Path(folder, "tls.key")
            chain.write_text(certificate.chain)
            key.write_text(certificate.key)
            context.load_cert_chain(chain, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield settings.NODE_ADDRESS
    finally:
        server.shutdown()
        server.server_close()
