"""What `egressc` can be told to do, a module for each command: its arguments (`add`) and what it does (`run`)."""

from egressc.commands import chart, diff, doctor, explain, import_, render, schema, status
from egressc.commands import compile as compile_lists

COMMANDS = (compile_lists, render, explain, diff, doctor, status, import_, chart, schema)
