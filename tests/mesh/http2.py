"""HTTP/2 as far as an attacker needs it: any method, path and header, and a connection that outlives GOAWAY."""

from collections.abc import Callable

DATA, HEADERS, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 3, 4, 6, 8
ACK = END_STREAM = 1
END_HEADERS = 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
#: No dynamic table, so that a status needs no memory to be read.
NO_TABLE = (1).to_bytes(2, "big") + (0).to_bytes(4, "big")
#: The statuses of HPACK's static table, from its index 8 on.
STATUSES = (200, 204, 206, 304, 400, 404, 500)
#: Digits in HPACK's Huffman code.
DIGITS = {
    "00000": "0", "00001": "1", "00010": "2", "011001": "3", "011010": "4", "011011": "5", "011100": "6",
    "011101": "7", "011110": "8", "011111": "9",
}  # fmt: skip


class Http2:
    """A connection, one request at a time."""

    def __init__(self, send: Callable[[bytes], None], receive: Callable[[], bytes]) -> None:
        self._send, self._receive = send, receive
        self._buffer = b""
        self._stream = -1
        self._send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(SETTINGS, 0, 0, NO_TABLE))
        self._send(_frame(WINDOW_UPDATE, 0, 0, (1 << 30).to_bytes(4, "big")))

    def ask(self, method: str, authority: str, path: str, *headers: tuple[str, str]) -> tuple[int, bytes]:
        """The status and the body of what comes back; EOFError when it is refused without an answer.

        Without a `path` it is the CONNECT of a tunnel.
        """
        self._stream += 2
        place = [(":scheme", "http"), (":path", path)] if path else []
        fields = [(":method", method), (":authority", authority), *place, *headers]
        block = b"".join(b"\0" + _text(name) + _text(value) for name, value in fields)
        self._send(_frame(HEADERS, END_STREAM | END_HEADERS, self._stream, block))
        status, body = 0, b""
        while True:
            kind, flags, stream, payload = self._read()
            if kind == SETTINGS and not flags & ACK:
                self._send(_frame(SETTINGS, ACK, 0, b""))
            elif kind == PING and not flags & ACK:
                self._send(_frame(PING, ACK, 0, payload))
            if stream != self._stream:
                continue
            if kind == RST_STREAM:
                raise EOFError("the request was refused")
            if kind == HEADERS:
                status = status or _status(payload)
            elif kind == DATA:
                body += payload
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                return status, body

    def _read(self) -> tuple[int, int, int, bytes]:
        head = self._take(9)
        payload = self._take(int.from_bytes(head[:3], "big"))
        return head[3], head[4], int.from_bytes(head[5:9], "big"), payload

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            data = self._receive()
            if not data:
                raise EOFError("the connection has ended")
            self._buffer += data
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def _text(text: str) -> bytes:
    data = text.encode()
    length = bytes((len(data),)) if len(data) < 127 else bytes((127, *_rest(len(data) - 127)))
    return length + data


def _rest(number: int) -> list[int]:
    return [number] if number < 128 else [number % 128 + 128, *_rest(number // 128)]


def _status(block: bytes) -> int:
    """The status, which is a block's first field."""
    while block[0] & 0xE0 == 0x20:  # the size of a table
        block = block[1:]
    if block[0] & 0x80:
        return STATUSES[(block[0] & 0x7F) - 8]
    length, huffman = block[1] & 0x7F, block[1] & 0x80
    value = block[2 : 2 + length]
    if not huffman:
        return int(value)
    bits, digits = "".join(f"{byte:08b}" for byte in value), ""
    while len(digits) < 3:
        size = next(size for size in (5, 6) if bits[:size] in DIGITS)
        digits, bits = digits + DIGITS[bits[:size]], bits[size:]
    return int(digits)
