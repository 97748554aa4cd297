"""Proofs c and d of reliability.md: acts of one moment neither double nor lose anything."""
