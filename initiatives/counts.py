"""Counts of what a run did, part by part."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from operator import add
from typing import Self


@dataclass(frozen=True)
class Counts:
    """Its fields are numbers, which add up one by one."""

    def __add__(self, other: Self) -> Self:
        return type(self)(*map(add, astuple(self), astuple(other)))
