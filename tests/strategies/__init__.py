"""Hypothesis strategies: host names, and lists that use every field of the schema and are free of errors."""

from tests.strategies.files import defaults, gateways
from tests.strategies.hosts import fleets
from tests.strategies.words import GATEWAYS, OURS, TRICKY, characters, host_names

__all__ = ["GATEWAYS", "OURS", "TRICKY", "characters", "defaults", "fleets", "gateways", "host_names"]
