"""Faults that a test must notice: small changes of the product, each with what a user would suffer."""

from tests.mutants import access, pods, requests, upstream
from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (*access.MUTANTS, *pods.MUTANTS, *requests.MUTANTS, *upstream.MUTANTS)
