"""How fast the compiler and the chart are: `python -m tests.bench` measures ratios and writes build/bench.json."""
