"""The form of a list and of values: keys that would be passed over, and values that mean more than they say."""

from tests.mutants.mutant import Mutant

HOSTS, VALUES = "schemas/hosts.yaml", "schemas/values.yaml"
SHAPE, FORM = "tests/test_shape.py -k 'unknown_keys or would_let_in'", "tests/test_values_form.py"
OPEN = "\n    additionalProperties: {}\n"  # without it every object is closed

MUTANTS = (
    Mutant(
        HOSTS,
        "    title: Client\n",
        f"    title: Client{OPEN}",
        "a client with a slip in `serviceAccount` is its whole namespace",
        SHAPE,
    ),
    Mutant(
        HOSTS,
        "    title: TLS to the upstream\n",
        f"    title: TLS to the upstream{OPEN}",
        "names of the upstream under a wrong key are not verified",
        SHAPE,
    ),
    Mutant(
        HOSTS,
        "    title: Defaults\n    description: >-\n",
        f"    title: Defaults{OPEN}    description: >-\n",
        "`client` of the defaults, a slip for `clients`, is passed over",
        SHAPE,
    ),
    Mutant(
        HOSTS,
        "'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8']\n        minItems: 1\n",
        "'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8']\n",
        "empty `deniedRanges` let a wildcard lead anywhere",
        SHAPE,
    ),
    Mutant(
        HOSTS,
        "minLength: 10",
        "minLength: 1",
        "one letter is a reason not to verify the upstream",
        SHAPE,
    ),
    Mutant(
        HOSTS,
        r"pattern: ^(/[^*?#\s{}]*\*?|\*[^*?#\s{}]+)$",
        r"pattern: ^(/[^?#\s{}]*\*?|\*[^*?#\s{}]+)$",
        "a star in the middle of a path is taken for a letter",
        SHAPE,
    ),
    Mutant(
        VALUES,
        "        minimum: 1024\n        maximum: 65535",
        "        minimum: 1024\n        maximum: 99999",
        "a gateway's port that no pod can listen on",
        FORM,
    ),
    Mutant(
        VALUES,
        "  rule:\n",
        "  rule:\n    additionalProperties: {}\n",
        "a denial with a slip in `caller` denies everybody, or an allowed rule lets everybody in",
        FORM,
    ),
    Mutant(
        VALUES,
        "      istio.io/dataplane-mode: false\n",
        "",
        "podLabels take the gateway's pods out of the sidecar mode",
        FORM,
    ),
    Mutant(
        VALUES,
        "        minProperties: 3\n        maxProperties: 4\n        required: [sni, subjectAltNames]\n",
        "        required: [sni]\n",
        "a readiness check takes any certificate",
        FORM,
    ),
)
