"""What `egressc` can be told to do, a module for each command: its arguments (`add`) and what it does (`run`)."""

from egressc.commands import compile as compile_lists
from egressc.commands import explain, render

COMMANDS = (compile_lists, render, explain)
