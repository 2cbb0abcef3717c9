"""Certificates in PEM: until when they hold, and whether a key is theirs.

Python's own ssl says whether a key belongs to a certificate, and does not say when a client certificate ends. So these
dates are read here: a certificate is a few values in DER, one inside the other (RFC 5280, 4.1). That is less than a
library to install, and nothing here decides whom to trust.
"""

import binascii
import errno
import os
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----\s(.+?)-----END CERTIFICATE-----", re.DOTALL)
VERSION, SEQUENCE, UTC_TIME = 0xA0, 0x30, 0x17


class CertificateError(Exception):
    """It cannot be read; the text says why, and nothing of what it is."""


def ends(pem: bytes) -> list[datetime]:
    """When each certificate of `pem` ends, in their order. Raises CertificateError, also where there is none."""
    blocks = BLOCK.findall(pem)
    if not blocks:
        raise CertificateError("has no certificate in PEM")
    return [_end(block) for block in blocks]


def belongs(key: bytes, chain: bytes) -> bool | None:
    """Whether the private key can be read and is that of the first certificate; None where the system cannot say.

    Both are handed over by pipes: nothing is written to a disk.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        with _readable(chain) as certificates, _readable(key) as secret:
            context.load_cert_chain(certificates, secret, password=lambda: b"")
    except ssl.SSLError:
        return False
    except OSError as error:
        # ssl takes what the pipe said first for the reason of its own failure
        return False if error.errno == errno.ESPIPE else None
    return True


@contextmanager
def _readable(content: bytes) -> Iterator[str]:
    """The name of a file that holds `content` while this lasts."""
    reader, writer = os.pipe()
    feeder = threading.Thread(target=_feed, args=(writer, content), daemon=True)
    feeder.start()
    try:
        yield f"/dev/fd/{reader}"
    finally:
        os.close(reader)
        feeder.join()


def _feed(writer: int, content: bytes) -> None:
    try:
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(content)
    except BrokenPipeError:
        pass  # it was not read to its end


def _end(block: bytes) -> datetime:
    try:
        certificate = binascii.a2b_base64(block)
        signed = _inside(_inside(certificate, SEQUENCE), SEQUENCE)
        parts = list(_values(signed))
        # version (left out in the oldest ones), serial number, algorithm, issuer, validity
        validity = parts[4 if parts[0][0] == VERSION else 3][1]
        _, (kind, text) = list(_values(validity))[:2]
        written = text.decode("ascii")
        if kind == UTC_TIME:  # of two digits, 50 and more are of the last century
            written = ("19" if written[0] >= "5" else "20") + written
        return datetime.strptime(written, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except (ValueError, IndexError) as error:
        raise CertificateError("cannot be read as a certificate") from error


def _inside(data: bytes, tag: int) -> bytes:
    found, value = next(_values(data), (0, b""))
    if found != tag:
        raise ValueError
    return value


def _values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The values of DER that stand one behind the other, each with its tag."""
    while data:
        tag, length, begin = data[0], data[1], 2
        if length & 0x80:
            begin += length & 0x7F
            length = int.from_bytes(data[2:begin])
        if begin + length > len(data):
            raise ValueError
        yield tag, data[begin : begin + length]
        data = data[begin + length :]
