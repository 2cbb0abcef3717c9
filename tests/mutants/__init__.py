"""Faults that a test must notice: small changes of the product, each with what a user would suffer."""

from tests.mutants import (
    access,
    compiler,
    doctor,
    imports,
    learned,
    namespaces,
    page,
    pods,
    requests,
    rules,
    schemas,
    standby,
    told,
    unfiltered,
    upstream,
    versions,
)
from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *access.MUTANTS,
    *compiler.MUTANTS,
    *doctor.MUTANTS,
    *imports.MUTANTS,
    *learned.MUTANTS,
    *namespaces.MUTANTS,
    *page.MUTANTS,
    *pods.MUTANTS,
    *requests.MUTANTS,
    *rules.MUTANTS,
    *schemas.MUTANTS,
    *standby.MUTANTS,
    *told.MUTANTS,
    *unfiltered.MUTANTS,
    *upstream.MUTANTS,
    *versions.MUTANTS,
)
