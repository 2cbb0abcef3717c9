"""The gateway's name, made from its host alone, so that no other host can change it."""

import hashlib

LONGEST = 63  # a Service's name and a label's value


def gateway_name(host: str) -> str:
    """A DNS-1035 label for `host`, readable and, but for hashes, reversible: `my-api.example.com` → `my--api-example-com`.

    Dots become hyphens and hyphens double, so no two hosts share a name. Where the result would be too long, or begin
    with a digit (Services must not), a hash of the host makes it unique.
    """
    name = host.replace("-", "--").replace(".", "-")
    if len(name) <= LONGEST and not name[0].isdigit():
        return name
    digest = hashlib.sha256(host.encode()).hexdigest()[:8]
    letter = "h" if name[0].isdigit() else ""
    return f"{(letter + name)[: LONGEST - 9].rstrip('-')}-{digest}"
