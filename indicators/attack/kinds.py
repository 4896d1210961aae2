"""Kinds of attack, in the order in which one is tried on top of those before it."""

from __future__ import annotations

from enum import IntEnum


class Kind(IntEnum):
    """What an equation, or a number, is known by."""

    beside = 0  # it stands in another table of the edition
    parts = 1  # totals minus parts
    filters = 2  # filter minus filter: crossings, hierarchies, two categories held against each other
    mean = 3  # mean × n
    denominators = 4  # ratio × denominator: weights, units and contributions that are told, denominators in common
    index = 5  # index × level
    periods = 6  # a year and its quarters or months
    editions = 7  # edition minus edition
