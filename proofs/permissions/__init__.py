"""Proof f of reliability.md: who may do what at every address, as docs/permissions.md says."""
