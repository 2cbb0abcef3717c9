"""Connection strings of databases and brokers: pairs, as ODBC, ADO.NET and libpq have them, and Oracle's own."""

import re

from egressc.meant import schemes
from egressc.meant.pasted import Pasted, Read, host_of, port_of

PAIR = re.compile(r"([A-Za-z][A-Za-z _]*?) *= *(\{[^}]*\}|'[^']*'|[^;\s]+(?: [^;=\s]+(?=;|$))*)")
SERVER = ("server", "data source", "datasource", "address", "addr", "network address", "host", "hostname", "hostaddr")
ORACLE = re.compile(r"(?:jdbc:)?oracle:(?:thin|oci8?):(?:[^@]*)@(.*)", re.IGNORECASE | re.DOTALL)
DESCRIPTION = re.compile(r"\(\s*(HOST|PORT|PROTOCOL)\s*=\s*([^()\s]+)\s*\)", re.IGNORECASE)
#: What names the database's own protocol in a string: a driver, or a key that only its strings have.
KINDS = {
    "sqlserver": ("sql server", "initial catalog", "tcp:", "integrated security", "data source"),
    "mysql": ("mysql", "mariadb"),
    "postgres": ("postgres", "psql", "dbname", "sslmode"),
    "oracle": ("oracle",),
    "db2": ("db2", "ibm data server"),
}


def connection(text: str, read: Read) -> Pasted | None:
    """The server of a connection string, with its port and what verifies it."""
    oracle = ORACLE.fullmatch(text)
    if oracle:
        return _oracle(oracle[1])
    if "=" not in text and not re.match(r"tcp:[^/]+,[0-9]+$", text):
        return None
    pairs = {key.lower(): value.strip("{}'") for key, value in PAIR.findall(text)}
    if "endpoint" in pairs and "://" in pairs["endpoint"]:
        inside = read(pairs["endpoint"])
        return Pasted("is a connection string", inside.hosts, inside.beside, inside.remark, inside.path)
    if "endpointsuffix" in pairs and "accountname" in pairs:
        name = host_of(f"{pairs['accountname']}.blob.{pairs['endpointsuffix']}")
        other = "for queues and tables write `queue` and `table` instead of `blob`"
        return Pasted("is a connection string", (name,), remark=other) if name else None
    server = next((pairs[key] for key in SERVER if key in pairs), "" if pairs else text)
    return _server(text, server, pairs) if server and (len(pairs) != 1 or not server.startswith("*")) else None


def _server(text: str, server: str, pairs: dict[str, str]) -> Pasted | None:
    place = re.fullmatch(r"(?:tcp:|np:|lpc:)?([^,:\\]+)(?:\\[^,:]*)?(?:[,:]([0-9]+))?", server)
    name = host_of(place[1]) if place else None
    if not place or not name or (len(pairs) < 2 and not server.startswith("tcp:")):
        return None
    port = port_of(place[2] or pairs.get("port", ""))
    return _found(name, schemes.SCHEMES.get(_kind(text, port), None), port)


def _kind(text: str, port: int | None) -> str:
    lower = text.lower()
    by_port = schemes.BY_PORT.get(port) if port else None
    if by_port:
        return next(name for name, scheme in schemes.SCHEMES.items() if scheme is by_port)
    return next((name for name, signs in KINDS.items() if any(sign in lower for sign in signs)), "")


def _oracle(rest: str) -> Pasted | None:
    """`//host:1521/service`, `host:1521:SID`, or a description in parentheses."""
    said = {key.upper(): value for key, value in DESCRIPTION.findall(rest)}
    place = re.match(r"(?:tcps?:)?/*([A-Za-z0-9.-]+)(?::([0-9]+))?", rest)
    name = host_of(said.get("HOST", str(place[1]) if place else ""))
    if not name:
        return Pasted("is a connection string of Oracle", remark="write the DNS name of its server")
    port = port_of(said.get("PORT") or str(place[2] if place and not said else "")) or 1521
    by_tls = said.get("PROTOCOL", "").upper() == "TCPS" or rest.lower().startswith("tcps:")
    return _found(name, schemes.Scheme(port, "TLS") if by_tls else schemes.SCHEMES["oracle"], port)


def _found(name: str, scheme: schemes.Scheme | None, port: int | None) -> Pasted:
    if scheme is None and port is None:
        return Pasted("is a connection string", (name,), remark="add its port to `ports`, with `protocol: TCP`")
    beside, remark = schemes.written(scheme or schemes.own(port or 0, "The protocol"), port)
    return Pasted("is a connection string", (name,), beside, remark)
