"""Faults that a test must notice: small changes of the product, each with what a user would suffer."""

from tests.mutants import (
    access,
    compiler,
    imports,
    learned,
    namespaces,
    page,
    pods,
    requests,
    rules,
    schemas,
    told,
    unfiltered,
    upstream,
    versions,
)
from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *access.MUTANTS,
    *compiler.MUTANTS,
    *imports.MUTANTS,
    *learned.MUTANTS,
    *namespaces.MUTANTS,
    *page.MUTANTS,
    *pods.MUTANTS,
    *requests.MUTANTS,
    *rules.MUTANTS,
    *schemas.MUTANTS,
    *told.MUTANTS,
    *unfiltered.MUTANTS,
    *upstream.MUTANTS,
    *versions.MUTANTS,
)
