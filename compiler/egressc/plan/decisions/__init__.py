"""Decisions by what they are about, made alike for every carrier."""
