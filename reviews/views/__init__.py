"""Doors to how it moves."""
