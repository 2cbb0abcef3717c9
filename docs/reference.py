"""Writes the pages that follow the code, hosts.md and findings.md: `python -m docs.reference`, with egressc installed.

A test fails while a page is not what this makes of the schema, the finding codes and the cases in tests/cases/invalid.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from egressc import since
from egressc.applicability import TABLE
from egressc.findings import CODES, FAMILIES, Code
from egressc.schema import Part, schema
from tests.cases import INVALID, Case

DOCS = Path(__file__).parent
# In the order of a reader's questions; what a host and its defaults share is described once, with the host.
SECTIONS = [
    *(
        "companions",
        "sidecars",
        "clientNetworkPolicies",
        "host",
        "tls",
        "files",
        "volume",
        "port",
        "client",
        "member",
        "expose",
        "ingressGateway",
        "denial",
        "fleetDenial",
        "readiness",
        "probe",
        "timeouts",
        "retries",
        "retryBudget",
    ),
    *("connectionPool", "keepalive", "outlierDetection"),
    *("headers", "requestHeaders", "responseHeaders", "credential", "rateLimit", "clientLimit"),
    *("externalAuthorization", "opa"),
    *("autoscaling", "podDisruptionBudget", "resources", "quantities", "sharedGateway"),
]
NAMES = re.compile(r"`[^`]*`|[\w./-]*[./\d][\w./-]+")  # in a finding: what is quoted, hosts, paths and numbers

HOSTS_HEAD = """\
# The host list

<!-- Made from schemas/hosts.yaml by `python -m docs.reference`. -->

A host list is a YAML file. Its first line gives editors the schema, so they complete and explain every key. Without the
internet, `egressc schema hosts -o hosts.schema.json` writes it as a file:

```yaml
# yaml-language-server: $schema=https://egressc.io/schemas/hosts.schema.json
version: 1
defaults:
  clients: [shop]
hosts:
- api.stripe.com
- host: partner.bank.example
  tls: {mode: mutual, secret: partner-bank}
```

Keys that the schema does not have are refused, and so are duplicate keys, anchors, aliases, tags and merge keys.

- **`defaults`** hold for every host of their own file. The host's own value wins. Mappings merge key by key. Lists and
  single values are replaced. A `tls` or `readiness` with its own `mode` replaces an inherited one as a whole.
- **Several files** are one list: `egressc compile payments.yaml shop.yaml`. A host in several files
  is one host. Only the files of its `owner` say its settings. Other owners may add clients if `clientsFrom` names them.
- **An overlay** says what differs in one environment: `egressc compile hosts.yaml --overlay prod.yaml`. It has the same
  form. Its hosts must exist in the list. Its `defaults` win over those of every file. `remove: true` removes a host.
  [examples/environments](../examples/environments) shows one list for two environments.

[tests/cases/valid](../tests/cases/valid) has a list for each thing that a list can say, with the result of the compiler
and of the chart.
"""

FINDINGS_HEAD = """\
# Findings

<!-- Made from the codes in compiler/egressc and the cases in tests/cases/invalid by `python -m docs.reference`. -->

`egressc` shows everything that is wrong with a list at once. Each finding says where, what, and what to write instead.
While there is an error, egressc writes nothing. A warning stops nothing.

- `--findings json` is for programs: an object with its `version`.
- `github`, `gitlab` and `sarif` show each finding beside its line of a pull request. `junit` shows it among the tests.
- If the file of `--check` differs, that is a finding too, with the code `drift`.

| Exit code | Meaning |
| --- | --- |
| 0 | there is no error |
| 1 | there are errors |
| 2 | the command itself was wrong, or its result cannot be written |
| 3 | with `--exit-code` only: something differs |
| 130 | somebody interrupted it |

No line is a command to a CI, whatever a list holds. Line breaks, terminal codes and marks such as `##[` are shown as
escapes, `\\n` or `\\x23`.

A code keeps its meaning for ever.
"""


def hosts_page() -> str:
    """The page of the host list: a table for each mapping of its schema."""
    root = schema()
    definitions: Part = root["$defs"]
    lines = [HOSTS_HEAD, "## The file", "", *_table(root), "`mesh`:", "", *_table(root["properties"]["mesh"])]
    lines += _versions()
    for name in SECTIONS:
        lines += _section(name, definitions[name])
        if name == "host":
            own = [key for key in definitions["host"]["properties"] if key not in definitions["defaults"]["properties"]]
            lines += [f"`defaults` takes all of these but {_and(own)}.", ""]
    lines += ["## Values", "", "| Value | Meaning | Example |", "| --- | --- | --- |"]
    for name, part in definitions.items():
        if name not in SECTIONS and name != "defaults":
            lines.append(f"| {name} | {_cell(part['description'])} | {_examples(part)} |")
    return "\n".join(lines) + "\n"


def findings_page() -> str:
    """The page of the finding codes: what each means and why, and what egressc says of its cases."""
    lines = [FINDINGS_HEAD]
    for family, title in FAMILIES.items():
        lines += [f"## {title}", ""]
        for name in sorted(CODES):
            if name.startswith(family):
                lines += _code(CODES[name])
    return "\n".join(lines)


PAGES = {"hosts.md": hosts_page, "findings.md": findings_page}


def _versions() -> Iterator[str]:
    """What `mesh.istio` decides."""
    yield from ("What a list can say only from some version of Istio on:", "")
    yield from ("| Setting | From Istio | What has it | An older one |", "| --- | --- | --- | --- |")
    for row in since.TABLE:
        yield f"| {_cell(row.setting)} | {since.spelled(row.istio)} | {_cell(row.by)} | {_cell(row.before)} |"
    yield ""


def _section(name: str, part: Part) -> Iterator[str]:
    yield from (f"## {name}", "", part["description"], "", "```yaml")
    example = next(example for example in part["examples"] if isinstance(example, dict))
    yield from (*(f"{key}: {_flow(value)}" for key, value in example.items()), "```", "")
    yield from _table(part)
    for key, field in part["properties"].items():
        if "properties" in field:
            yield from (f"### {name}.{key}", "", field["description"], "", *_table(field))


def _table(part: Part) -> Iterator[str]:
    yield from ("| Key | Value | Default | Meaning |", "| --- | --- | --- | --- |")
    for key, field in ((key, _told(field)) for key, field in part["properties"].items()):
        default = (
            "required"
            if key in part.get("required", ())
            else f"`{_flow(field['default'])}`"
            if "default" in field
            else ""
        )
        meaning = _cell(field["description"])
        value = _kind(field) if "enum" in field else f"{_kind(field)}<br>{_examples(field)}"
        yield f"| `{key}` | {value} | {default} | {meaning} |"
    yield ""


def _told(field: Part) -> Part:
    """`field`, with what a field that it refers to says of it; what is a definition is described there."""
    definition, _, key = field.get("$ref", "").removeprefix("#/$defs/").partition("/properties/")
    if not key:
        return field
    own = {keyword: value for keyword, value in field.items() if keyword != "$ref"}
    return _told(schema()["$defs"][definition]["properties"][key] | own)


def _kind(field: Part) -> str:
    """What may stand there, with a link to where it is described."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return (
            f"[{name}](#{name.lower() if name in SECTIONS else 'values'})"
            if name != "defaults"
            else "see [host](#host)"
        )
    if "enum" in field:
        return ", ".join(f"`{_flow(option)}`" for option in field["enum"])
    if field["type"] == "array":
        return f"list of {_kind(field['items'])}"
    if field["type"] == "object":
        return "mapping"
    kinds = [field["type"]] if isinstance(field["type"], str) else field["type"]
    numbers = "whole number" if "maximum" not in field else f"{field['minimum']} to {field['maximum']:,}"
    names = {
        "integer": numbers,
        "number": "number",
        "string": "text",
        "boolean": "`true`, `false`",
        "object": "mapping",
        "array": f"list of {_kind(field['items'])}" if "items" in field else "list",
    }
    return " or ".join(names[kind] for kind in kinds)


def _examples(field: Part) -> str:
    return ", ".join(f"`{_flow(example)}`" for example in field["examples"])


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=4096)
    return text.removesuffix("...\n").strip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<name>", "`<name>`")


def _and(keys: list[str]) -> str:
    quoted = [f"`{key}`" for key in keys]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _code(code: Code) -> Iterator[str]:
    cases = [case for case in INVALID if case.name.startswith(code.name)]
    yield from (f"### {code.name}: {code.title}", "", f"{code.level.capitalize()}. {code.text}", "")
    yield from _settings(code)
    yield from (*_said(code, cases), "", f"Cases: {', '.join(map(_link, cases))}", "")


def _settings(code: Code) -> Iterator[str]:
    """The settings that do not apply somewhere, of this code: those that `defaults` may have, and those that not."""
    endings = {False: "In `defaults`, each is for the other hosts.", True: "In `defaults`, each is refused too."}
    for inherited, ending in endings.items():
        settings = [
            f"`{'.'.join(path)}`"
            for path, places in TABLE.items()
            if any(kind.code is code and kind.inherited is inherited for kind in places)
        ]
        if settings:
            yield from (f"{'Settings' if len(settings) > 1 else 'Setting'}: {', '.join(settings)}. {ending}", "")


def _said(code: Code, cases: list[Case]) -> Iterator[str]:
    """What egressc says of these cases, without the places, and of several that differ only in names the first."""
    findings = {finding for case in cases for finding in case.findings() if finding.code == code.name}
    seen = set()
    for message, fix, level in sorted((finding.message, finding.fix, finding.level) for finding in findings):
        form = NAMES.sub("…", f"{message}. {fix}")
        if form not in seen:
            unlike = "" if level == code.level else f" ({'an' if level == 'error' else 'a'} {level})"
            yield f"- {' '.join(message.split())}{unlike}. *{fix}*"
        seen.add(form)


def _link(case: Case) -> str:
    return f"[{case.name.partition('-')[2]}](../tests/cases/invalid/{case.name})"


def main() -> None:
    """Writes all pages."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
