"""Whatever the compiler accepts, routes: a list that holds every pair of options which the rules allow."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import Any
