"""What no line may be that people and CIs read."""

# each of them alone, within a line, after blanks, and behind every kind of line break
COMMANDS = (
    "::error::x",
    "::set-output name=a::b",
    "##[error]x",
    "##vso[task.setvariable variable=a]b",
    "##teamcity[buildStop comment='x']",
    "\x1b[0Ksection_start:1:a\r\x1b[0Kx",
)
BREAKS = ("", " ", "x", "\n", "\r", "\t", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\u202e", "\u00a0", "#")
ATTACKS = tuple(between + command for command in COMMANDS for between in BREAKS)


def harmless(text: str) -> bool:
    """Whether no line of `text` is a command to a CI or steers a terminal."""
    return all(
        (line.isprintable() and not line.lstrip().startswith("::"))
        and not any(mark in line for mark in ("##[", "##vso[", "##teamcity["))
        for line in text.split("\n")
    )
