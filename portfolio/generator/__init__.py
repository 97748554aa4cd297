"""A made-up portfolio of any size, for benchmarks, query counts and a look at what many rows do.

It bypasses the actions on purpose: twenty thousand initiatives through them would take hours, and
what is measured afterwards is reading, not writing. It keeps to every constraint and convention of
the models (spells, versions, folded search text, baselines, snapshots), and appends audit events
in batches, so that `verify_audit` stays clean. Left out are the reviews behind decisions of the
past, whose evidence isn't invented, and some events: of each metric's measurements the newest is
told, of an accepted ownership that it was accepted, of answers and spend nothing.

The same seed and moment make the same portfolio, but for keys and the salts of the audit log.
"""

from portfolio.generator.portfolios import Generated, NotEmpty, generate

__all__ = ["Generated", "NotEmpty", "generate"]
