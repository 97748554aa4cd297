"""Doors to what we have."""
