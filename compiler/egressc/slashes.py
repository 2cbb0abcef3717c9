"""Escaped slashes in paths: some upstreams read `%2F` as a slash, and go to another path."""

import re

ESCAPED_SLASH = re.compile("%2[Ff]")
#: Dot segments, and empty ones, beside an escaped slash, as RE2 and Python read it: who reads it as a slash goes to
#: another path.
DOTS_AT_SLASHES = "(?i).*(?:{}).*".format(
    "|".join(
        (
            r"%2f(?:\.|%2e){1,2}(?:[/;]|%2f|%3b|$)",
            r"/(?:\.|%2e){0,2}%2f",
        )
    )
)
