"""Fellegi–Holt: every minimal set of fields, by another road too, and the one that is chosen."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dictionary import Table
from pipelines.edit.edit import edit_table
from pipelines.edit.edits import MOST_FIELDS, components, read_edits
from pipelines.edit.linear import value_of
from pipelines.edit.localise import Located, locate, minimal_sets
from tests.pipelines.records import events_of, reviews_of, rows_of, table

SURVEY = table(
    {
        "output": "number", "input": {"type": "number", "minimum": 0}, "added": "number", "staff": "integer", "wage": "number",
        "key": "integer", "nc": {"type": "integer", "minimum": 0},
    },
    checks={
        "balance": "ABS(added - (output - input)) <= 0.5",
        "share": "added <= 0.6 * output AND added >= 0.05 * output",
        "per_head": "wage >= 3 * staff AND wage <= 60 * staff",
        "within": "nc <= key",
        "some": "key >= 1",
    },
)  # fmt: skip
SOUND = {"output": 100.0, "input": 60.0, "added": 40.0, "staff": 10, "wage": 100.0, "key": 5, "nc": 3}


def located(of: Table, weights: dict[str, float] | None = None, **changed: Any) -> Located | None:
    row = {**SOUND, **changed}
    return locate(read_edits(of), {name: value_of(row[name]) for name in read_edits(of).named}, weights or {})


def test_a_row_that_keeps_every_check_is_left_alone() -> None:
    assert located(SURVEY) is None


def test_a_typing_error_in_value_added_is_found_in_value_added() -> None:
    found = located(SURVEY, added=400.0)
    assert found is not None
    # output alone would have to be 460, of which 400 is too large a share; input alone would be negative
    assert (found.chosen, found.others) == (("added",), (("output", "input"),))
    assert found.broken == ("balance", "share")


def test_of_two_equal_possibilities_both_are_named_and_reliability_decides() -> None:
    first = located(SURVEY, nc=9)
    assert first is not None
    assert (first.chosen, first.others) == (("key",), (("nc",),))
    second = located(SURVEY, {"key": 2.0}, nc=9)
    assert second is not None
    assert (second.chosen, second.others) == (("nc",), (("key",),))


def test_no_employees_is_an_error_of_employees() -> None:
    found = located(
        table({n: SURVEY.columns[n].type for n in SOUND}, checks={"per": "wage <= 60 * staff", "some": "staff >= 1"}), staff=0
    )
    assert found is not None
    assert (found.chosen, found.others) == (("staff",), ())


def test_a_set_of_less_weight_beats_one_of_fewer_fields() -> None:
    found = located(SURVEY, {"added": 5.0}, added=400.0)
    assert found is not None
    assert (found.chosen, found.others) == (("output", "input"), (("added",),))


def test_errors_that_have_nothing_to_do_with_each_other_are_found_together() -> None:
    found = located(SURVEY, {"key": 2.0}, added=400.0, nc=9, wage=10_000.0)
    assert found is not None
    assert found.chosen == ("added", "staff", "nc")
    assert set(found.others) == {("output", "input"), ("wage",), ("key",)}


def test_strict_comparisons_of_several_free_numbers_are_strict() -> None:
    of = table({"a": "integer", "b": "integer", "c": "integer"}, checks={"up": "a < b AND b < c", "close": "c - a <= 2"})
    nodes = list(read_edits(of).hard.values())
    values = {"a": value_of(3), "b": value_of(3), "c": value_of(3)}
    assert minimal_sets(of, nodes, values) == [("a", "b"), ("a", "c"), ("b", "c")]
    nodes = list(
        read_edits(
            table({"a": "integer", "b": "integer", "c": "integer"}, checks={"up": "a < b AND b < c AND c - a < 2"})
        ).hard.values()
    )
    assert minimal_sets(of, nodes, values) == []


def test_dates_and_words_can_be_wrong_too() -> None:
    of = table(
        {"begun": "date", "ended": "date", "uses": "boolean", "which": "text", "score": "number", "level": "integer"},
        checks={
            "order": "begun <= ended",
            "known": "ended <= DATE '2026-09-30'",
            "named": "NOT uses OR which IS NOT NULL",
            "class": "(score < 20 AND level = 1) OR (score >= 20 AND level = 2)",
        },
    )
    sound = {"begun": dt.date(2026, 1, 1), "ended": dt.date(2026, 2, 1), "uses": True, "which": "CAD", "score": 10.0, "level": 1}

    def sets(**changed: Any) -> tuple[tuple[str, ...], ...]:
        values = {name: value_of(value) for name, value in {**sound, **changed}.items()}
        found = locate(read_edits(of), values, {})
        return () if found is None else (found.chosen, *found.others)

    assert sets() == ()
    assert sets(begun=dt.date(2026, 3, 1)) == (("begun",), ("ended",))
    assert sets(begun=dt.date(2027, 3, 1)) == (("begun",),)
    assert sets(ended=dt.date(2027, 2, 1)) == (("ended",),)
    assert sets(which=None) == (("uses",), ("which",))
    assert sets(level=2) == (("score",), ("level",))


def test_a_blank_breaks_nothing_and_is_a_way_out_only_where_no_value_is() -> None:
    of = table({"stopped": "date", "ended": "date"}, checks={"one": "stopped IS NULL OR ended IS NULL"})
    nodes, day = list(read_edits(of).hard.values()), value_of(dt.date(2026, 1, 1))
    assert minimal_sets(of, nodes, {"stopped": day, "ended": day}) == [("stopped",), ("ended",)]
    assert locate(read_edits(of), {"stopped": day, "ended": None}, {}) is None
    edited = edit_table(
        of, rows_of(of, [{"unit": "a", "when": 2026, "stopped": dt.date(2026, 1, 1), "ended": dt.date(2026, 1, 1)}]), None
    )
    assert events_of(edited) == {("a", "2026", "stopped"): ("2026-01-01", None, "blanked")}


def test_checks_that_share_no_field_are_solved_apart() -> None:
    assert sorted(len(nodes) for nodes in components(read_edits(SURVEY))) == [1, 2, 2]


def test_a_row_that_nothing_can_mend_is_left_to_a_person() -> None:
    of = table({"a": "integer"}, checks={"low": "a <= 1", "high": "a >= 5"})
    edited = edit_table(of, rows_of(of, [{"unit": "u", "when": 2026, "a": 3}]), None)
    assert (edited.events.height, edited.rows.height) == (0, 0)
    assert reviews_of(edited) == {("u", "2026", "unit", "low,high")}


#: a random check: its text, and the same as a function of a row, made apart
Clause = tuple[str, Callable[[dict[str, Any]], bool]]
NAMES = ("a", "b", "c")


@st.composite
def clauses(draw: st.DrawFn, depth: int = 1) -> Clause:
    if depth and draw(st.booleans()):
        (one, holds), (two, also) = draw(clauses(depth=depth - 1)), draw(clauses(depth=depth - 1))
        if draw(st.booleans()):
            return f"({one} AND {two})", lambda row: holds(row) and also(row)
        return f"({one} OR {two})", lambda row: holds(row) or also(row)
    if draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from([("yes", lambda row: row["yes"]), ("NOT yes", lambda row: not row["yes"])]))
    factors = draw(st.tuples(*(st.integers(-2, 2) for _ in NAMES)).filter(any))
    bound, sign = draw(st.integers(-4, 8)), draw(st.sampled_from(["<=", "<", "=", "<>", ">=", ">"]))
    text = " + ".join(f"{factor} * {name}" for factor, name in zip(factors, NAMES, strict=True) if factor)
    compare: dict[str, Callable[[int], bool]] = {
        "<=": lambda s: s <= bound, "<": lambda s: s < bound, "=": lambda s: s == bound, "<>": lambda s: s != bound,
        ">=": lambda s: s >= bound, ">": lambda s: s > bound,
    }  # fmt: skip
    holds = compare[sign]
    return f"{text} {sign} {bound}", lambda row: holds(sum(f * row[n] for f, n in zip(factors, NAMES, strict=True)))


@given(checks=st.lists(clauses(), min_size=1, max_size=3), row=st.tuples(*(st.integers(0, 3) for _ in NAMES), st.booleans()))
@settings(max_examples=80, deadline=None)
def test_every_minimal_set_is_found_as_trying_all_values_finds_them(
    checks: list[Clause], row: tuple[int, int, int, bool]
) -> None:
    limited = {"type": "integer", "minimum": 0, "maximum": 3}
    of = table({**dict.fromkeys(NAMES, limited), "yes": "boolean"}, checks={f"c{i}": text for i, (text, _) in enumerate(checks)})
    names, values = (*NAMES, "yes"), dict(zip((*NAMES, "yes"), row, strict=True))
    domains: dict[str, list[Any]] = {**{name: [0, 1, 2, 3] for name in NAMES}, "yes": [True, False]}

    def solves(chosen: tuple[str, ...]) -> bool:
        tried = itertools.product(*(domains[name] for name in chosen))
        return any(all(holds({**values, **dict(zip(chosen, found, strict=True))}) for _, holds in checks) for found in tried)

    minimal: list[tuple[str, ...]] = []
    for count in range(len(names) + 1):
        for chosen in itertools.combinations(names, count):
            if not any(set(known) <= set(chosen) for known in minimal) and solves(chosen):
                minimal.append(chosen)
    edits = read_edits(of)
    exact = {name: value_of(value) for name, value in values.items()}
    found = locate(edits, exact, {})
    if minimal == [()]:
        assert found is None
        return
    assert found is not None
    assert minimal_sets(of, list(edits.hard.values()), exact) == minimal
    if minimal:
        assert len(found.chosen) == min(map(len, minimal))
        assert found.chosen in minimal
    else:
        assert found.chosen == ()


def test_twelve_fields_tied_together_are_solved() -> None:
    names = [f"f{i}" for i in range(MOST_FIELDS)]
    of = table(dict.fromkeys(names, "number"), checks={"sum": f"{' + '.join(names)} = 10", "order": "f0 <= f1 AND f1 <= f2"})
    values = {name: value_of(1.0) for name in names}
    # of the sum 2 is too much; neither f1 nor f2, nor both, can be lowered while f0 stays
    assert minimal_sets(of, list(read_edits(of).hard.values()), values) == [(name,) for name in names if name not in ("f1", "f2")]
