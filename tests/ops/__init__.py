"""What a fleet costs and what it survives: `python -m tests.ops` measures it and writes build/ops.json."""
