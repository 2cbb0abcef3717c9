"""Faults that a test must notice: small changes of the product, each with what a user would suffer."""

from tests.mutants import access, lists, pods, requests, schemas, upstream
from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *access.MUTANTS,
    *lists.MUTANTS,
    *pods.MUTANTS,
    *requests.MUTANTS,
    *schemas.MUTANTS,
    *upstream.MUTANTS,
)
