"""The benchmark: `python -m tests.bench [--initiatives N] [--rounds N] [--quick] [--write FILE]`.

Absolute times don't hold from machine to machine, so every figure is a ratio to a reference point
measured in the same run (docs/performance.md). Nothing here asserts: times are never tested.
"""
