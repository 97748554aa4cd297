"""Forms about what we have; each belongs to one action."""
