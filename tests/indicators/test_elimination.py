"""Elimination against the same greedy choice over fractions, and against what contributors know."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.protection.elimination import eliminate, is_own, known
from indicators.protection.merging import merge
from indicators.protection.needs import Blocked
from indicators.protection.span import PRIME, Span, fraction, ones
from indicators.protection.system import System
from tests.indicators.suppression import Respondents, follows, margins, system

seeds = st.integers(0, 10**6)
ways = st.integers(2, 4)


def merged(seed: int, ways: int, **more: bool) -> System:
    return merge(Respondents(seed, ways).system(**more)).system


def told(of: System, withheld: Collection[int]) -> list[frozenset[int]]:
    return [*of.told, *(atoms for cell, atoms in enumerate(of.cells) if cell not in withheld)]


@settings(max_examples=60, deadline=None)
@given(seeds, ways)
def test_the_cells_withheld_are_those_of_the_same_choice_over_fractions(seed: int, ways: int) -> None:
    given_system = replace(merged(seed, ways), alone={})
    accepted: list[frozenset[int]] = []
    refused = set()
    for cell in given_system.order:
        if cell in given_system.primary:
            continue
        atoms = given_system.cells[cell]
        if any(follows([*accepted, atoms], given_system.cells[primary]) for primary in given_system.primary):
            refused.add(cell)
        else:
            accepted.append(atoms)
    assert eliminate(given_system).secondary == refused


@settings(max_examples=60, deadline=None)
@given(seeds, ways, st.booleans())
def test_no_primary_cell_follows_for_anybody_nor_for_who_knows_his_own(seed: int, ways: int, forced: bool) -> None:
    of = merged(seed, ways, forced=forced)
    try:
        secondary = eliminate(of).secondary
    except Blocked:
        assert forced
        return
    assert not secondary & (of.primary | of.forced)
    published = told(of, of.primary | secondary)
    for cell in of.primary:
        assert not follows(published, of.cells[cell])
        for contributor, atoms in of.alone.items():
            if not is_own(of, cell, contributor):
                assert not follows([*published, *({atom} for atom in atoms)], of.cells[cell])


def test_without_contributors_who_know_their_own_some_would_be_exposed() -> None:
    """The control: what the second test guards against does happen."""
    exposed = 0
    for seed in range(40):
        of = merged(seed, 3)
        published = told(of, of.primary | eliminate(replace(of, alone={})).secondary)
        exposed += sum(
            follows([*published, *({atom} for atom in atoms)], of.cells[cell])
            for cell in of.primary
            for contributor, atoms in of.alone.items()
            if not is_own(of, cell, contributor)
        )
    assert exposed > 20


def test_forced_cells_that_give_a_primary_away_are_named_and_no_others() -> None:
    """Row A of a 3 × 3 table: its total and two of its cells tell the third; the total of the table has no part in it."""
    cells = margins(3, 3)
    of = system(cells, np.arange(1.0, 10.0), {0: 0.0}, forced=frozenset({1, 2, 9, 15}))
    with pytest.raises(Blocked) as caught:
        eliminate(of)
    assert (caught.value.primary, caught.value.forced) == (0, {1, 2, 9})


def test_what_earlier_sums_tell_is_not_protected_again() -> None:
    cells = margins(3, 3)
    of = system(cells, np.arange(1.0, 10.0), {0: 0.0}, told=({0, 1}, {1}))
    assert eliminate(of).secondary == frozenset()
    assert eliminate(replace(of, told=())).secondary != frozenset()


def test_earlier_sums_count_as_known() -> None:
    """The column total of the first column, less a cell, was told before: the other two cells of the column must not be."""
    cells = margins(3, 3)
    of = system(cells, np.arange(1.0, 10.0), {0: 0.0}, told=({0, 3},))
    withheld = of.primary | eliminate(of).secondary
    assert not follows(told(of, withheld), of.cells[0])
    assert 3 in withheld


@given(st.integers(-(2**20) + 1, 2**20 - 1), st.integers(1, 2**20 - 1))
def test_a_fraction_of_small_numbers_is_read_back(upper: int, lower: int) -> None:
    assert fraction(upper * pow(lower, -1, PRIME) % PRIME) == float(Fraction(upper, lower))


def test_a_fraction_of_large_numbers_is_refused() -> None:
    with pytest.raises(ArithmeticError):
        fraction((2**30 + 3) * pow(2**31 + 11, -1, PRIME) % PRIME)


@settings(max_examples=40, deadline=None)
@given(seeds, ways)
def test_what_follows_from_a_span_follows_over_fractions_and_the_other_way_round(seed: int, ways: int) -> None:
    of = merged(seed, ways)
    half = [cell for cell in of.order if cell % 2]
    span = known(of, half)
    for cell, atoms in enumerate(of.cells):
        assert (not span.residue(ones(atoms))) == follows([of.cells[one] for one in half], atoms), cell


def test_watched_vectors_are_reduced_with_the_rest() -> None:
    span = Span({(0, "", 0): ones({1, 2, 3})})
    span.accept(span.residue(ones({1, 2})))
    assert span.caught(span.residue(ones({3, 4}))) is None
    assert span.caught(span.residue(ones({1, 2, 3}))) == (0, "", 0)
    span.accept(span.residue(ones({3})))
    assert span.rows[0, "", 0] == {}
