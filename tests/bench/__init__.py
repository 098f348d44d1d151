"""Measurements: what the tester costs, and what it finds beside other ways to look."""

LOG = "PT004_BENCH_LOG"
"""The variable that names the file to which the hooks for Schemathesis write its calls."""
BUDGET = "PT004_BENCH_BUDGET"
"""The variable that says after how many calls they end its run."""
