"""What `egressc` can be told to do, a module for each command: its arguments (`add`) and what it does (`run`)."""

from egressc.commands import chart, completion, diff, doctor, explain, import_, learn, render, schema, status
from egressc.commands import compile as compile_lists

COMMANDS = (compile_lists, render, explain, diff, import_, learn, doctor, status, chart, schema, completion)
