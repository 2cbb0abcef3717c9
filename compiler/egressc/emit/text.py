"""How values are spelled: YAML that all its readers read alike."""

from typing import Any

import yaml

from egressc import printable

HEADER = "# Compiled by egressc from a host list. Change the list and compile it again: this file is overwritten.\n"
NEVER_FOLDED = 2**31 - 1  # where a string goes on in the next line, a CI would read what it begins with


def dump(content: dict[str, Any]) -> str:
    """`content` as YAML that PyYAML, Helm 3 and Helm 4 read alike: strings quoted, keys too."""
    return HEADER + printable.in_quotes(
        yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=NEVER_FOLDED, allow_unicode=True)
    )


_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Base):  # type: ignore[misc]  # libyaml's where it is there
    def ignore_aliases(self, _: Any) -> bool:
        return True


# YAML 1.1 and 1.2 disagree about bare words such as `1e3` or `y`; quoted they are strings to all
_Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))
