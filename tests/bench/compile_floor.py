"""The least that any compiler of a list does, as a program: LIST SCHEMA VALUES OUTPUT.

Loads the list by libyaml, passes it once through jsonschema, and dumps values that were computed before.
"""

import gc
import json
import sys
from pathlib import Path

import jsonschema
import yaml

gc.disable()  # as egressc does
listed, schema, values, output = map(Path, sys.argv[1:])
loader = yaml.CSafeLoader(listed.read_bytes())
node = loader.get_single_node()  # yaml.compose
assert node is not None
jsonschema.Draft202012Validator(json.loads(schema.read_bytes())).validate(loader.construct_document(node))
with output.open("w", encoding="utf-8") as file:
    yaml.dump(json.loads(values.read_bytes()), file, Dumper=yaml.CSafeDumper, sort_keys=False)
