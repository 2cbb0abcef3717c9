"""CSV with a header → entries: a row is a host, with what its other columns say."""

import csv
import io
import re
from collections.abc import Iterator

from egressc.findings import Finding, Span
from egressc.hostname import short
from egressc.importing import speaks
from egressc.importing.entry import Entry
from egressc.importing.items import item, usual_protocol, without_clients
from egressc.importing.registry import NOT_CARRIED

HEADS = ("host", "hostname", "domain", "fqdn", "name", "url", "destination", "dst")
ROLES = {
    "port": "port",
    "ports": "port",
    "protocol": "protocol",
    "scheme": "protocol",
    "namespace": "namespace",
    "client": "namespace",
    "clients": "namespace",
    "team": "owner",
    "owner": "owner",
    "description": "description",
    "purpose": "description",
    "comment": "description",
    "reason": "description",
}


def fits(text: str) -> bool:
    """Whether the first line is a header that names a column of hosts."""
    head = text.split("\n", 1)[0].strip().lower()
    return any(mark in head for mark in ",;\t") and any(word.strip(' "') in HEADS for word in re.split(r"[,;\t]", head))


def entries(name: str, text: str, findings: list[Finding]) -> Iterator[Entry]:
    """CSV with a header: host, and if they are there port, protocol, namespace, owner and description."""
    head = text.split("\n", 1)[0]
    mark = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text), delimiter=mark)
    columns = [column.strip().lower() for column in next(rows)]
    at = next(index for index, column in enumerate(columns) if column in HEADS)
    unknown = [column for column in columns if column not in (*HEADS, *ROLES) and column]
    for column in unknown:
        span = Span(name, 1, head.lower().find(column) + 1)
        findings.append(
            NOT_CARRIED(
                span,
                f"the column {short(column)} is not read",
                f"name it as one of {', '.join(sorted({*ROLES.values()}))}",
            )
        )
    for row in rows:
        if len(row) <= at or not row[at].strip():
            continue
        span = Span(name, rows.line_num, 1)
        cells = {
            ROLES[column]: cell.strip()
            for column, cell in zip(columns, row, strict=False)
            if column in ROLES and cell.strip()
        }
        found = item(row[at].strip(), span, findings)
        for entry in found:
            _row(entry, cells)
        yield from without_clients(found, findings)


def _row(entry: Entry, cells: dict[str, str]) -> None:
    numbers = [int(word) for word in re.split(r"[\s,;/+]+", cells.get("port", "")) if word.isdecimal()]
    protocol = cells.get("protocol", "").upper()
    if numbers:
        entry.settings.pop("speaks", None)
        entry.settings.pop("ports", None)
        entry.settings.pop("tls", None)
        speaks.spoken(entry, [(number, protocol or usual_protocol(number)) for number in numbers])
    elif protocol in ("HTTP", "HTTPS"):
        entry.settings["speaks"] = protocol.lower()
    if namespaces := [word for word in re.split(r"[\s,;]+", cells.get("namespace", "")) if word]:
        entry.settings["clients"] = namespaces
    entry.settings |= {key: cells[key] for key in ("owner", "description") if key in cells}
