"""What people write instead of a list, and what they meant by it, so that a finding can say what to write.

`foreign` knows files of another kind, `stray` keys (with `belongs`: where they stand), `written` values, and `no_host`
texts where a host belongs (with `texts`, which asks `urls`, `connections`, `patterns` and `numbers` in turn).
"""
