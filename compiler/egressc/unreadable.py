"""What is wrong with a file before anybody looks at what it says."""

from egressc.findings import Code

UNREADABLE = Code(
    "EG001",
    "the file cannot be read",
    "The file is missing, is a folder, may not be read, or is not UTF-8 text. Lists are UTF-8.",
)
NOT_YAML = Code(
    "EG002",
    "the file is not YAML",
    "The YAML parser gives up at this place. Often a quote or a bracket is missing, or the indentation has a tab.",
)
KEY_TWICE = Code(
    "EG003",
    "a key is given twice",
    "Most YAML readers silently keep the last value of a key. A reader of the list cannot know which one holds.",
)
NOT_PLAIN = Code(
    "EG004",
    "aliases, anchors, tags and merge keys are not part of a host list",
    "A list says what it means at the place where it means it. Aliases can also make a small file explode in memory. "
    "Hosts share settings in `defaults`, or have one entry (`hosts: [a, b]`). Clients share a name in `groups`. A "
    "wildcard begins with `*`, which is an alias in YAML unless it is in quotes.",
)
NOT_ONE_DOCUMENT = Code(
    "EG005",
    "the file is empty, or holds more than one document",
    "A file is one YAML document. egressc takes several files.",
)
KEY_NOT_TEXT = Code(
    "EG006",
    "a key is not a string",
    "Every key of a host list is a word. A number, `true` or `null` before a colon is a slip, or needs quotes.",
)
TOO_LARGE = Code(
    "EG007",
    "the file is too large or too deep",
    "A list has at most 10,000,000 bytes and 32 levels. So no file can exhaust the machine that compiles it.",
)
# the next step, the schema, finds these as well
WRONG_TYPE = Code(
    "EG103",
    "wrong type",
    "The key needs another type of value, such as a list, a mapping or a number. YAML reads `80` as a number and "
    '`"80"` as text.',
)
NOT_ALLOWED = Code(
    "EG104",
    "the value is not allowed here",
    "The value has the right type, but Istio, Kubernetes or egressc does not take it. [The host list](hosts.md) says "
    "what each key takes.",
)
