"""What editing made of a table: the trail of changed values, the rows, and what is left to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.edit.records import Change, Records, Review
from pipelines.edit.trail import IMPUTED, REVIEWS, TRAIL, as_text, key_text


@dataclass(frozen=True, kw_only=True)
class Edited:
    """`events` (columns TRAIL): one row a changed value. `rows`: the whole of every changed or added row, with `_imputed` (it
    holds an estimate) and `_added` (nobody reported it). `reviews` (columns REVIEWS): what people should look at."""

    events: pl.DataFrame
    rows: pl.DataFrame
    reviews: pl.DataFrame


def outcome(raw: Records, now: Records, changes: Sequence[Change], reviews: Sequence[Review]) -> Edited:
    """The outcome, from the rows before and after, the changes in the order in which they were made, and the last reviews."""
    told: dict[tuple[int, str], list[Change]] = {}
    for change in changes:
        if raw.value(change.row, change.column) != now.value(change.row, change.column):
            told.setdefault((change.row, change.column), []).append(change)
    order = {name: i for i, name in enumerate(raw.table.columns)}
    places = sorted(told, key=lambda place: (place[0], order[place[1]]))
    events = [_event(raw, now, told[place]) for place in places]
    shown = sorted(reviews, key=lambda r: (r.row is None, r.row or 0, r.cell, r.period or "", order[r.column], r.rule, r.method))
    return Edited(
        events=pl.DataFrame(events, schema=TRAIL, orient="row"),
        rows=_rows(now, told),
        reviews=pl.DataFrame([_review(now, review) for review in shown], schema=REVIEWS, orient="row"),
    )


def _event(raw: Records, now: Records, changes: Sequence[Change]) -> tuple[str | None, ...]:
    """One changed value: what it was at first and is in the end, and every step between in the reason."""
    last = changes[-1]
    rules = ",".join(dict.fromkeys(change.rule for change in changes))
    reasons = ("。".join(change.zh for change in changes) + "。", ". ".join(change.en for change in changes) + ".")
    where = (now.key(last.row), now.unit(last.row), now.period(last.row), last.column)
    values = (as_text(raw.value(last.row, last.column)), as_text(now.value(last.row, last.column)))
    return (*where, *values, rules, last.method, *reasons, last.donor)


def _rows(now: Records, told: dict[tuple[int, str], list[Change]]) -> pl.DataFrame:
    rows = sorted({row for row, _ in told})
    estimated = {row for (row, _), changes in told.items() if changes[-1].method in IMPUTED}
    kept = now.frame[rows].select(*now.table.columns) if rows else now.frame.clear().select(*now.table.columns)
    flags = {"_imputed": [row in estimated for row in rows], "_added": [bool(now.added[row]) for row in rows]}
    return kept.with_columns(pl.Series(name, values, dtype=pl.Boolean) for name, values in flags.items())


def _review(now: Records, review: Review) -> tuple[str | float | None, ...]:
    if review.row is None:
        whose: tuple[str | None, ...] = (key_text([review.cell]), None, review.period)
        value = review.old
    else:
        whose = (now.key(review.row), now.unit(review.row), now.period(review.row))
        value = as_text(now.value(review.row, review.column))
    return (
        *whose,
        review.column,
        value,
        None,
        review.rule,
        review.method,
        f"{review.zh}。",
        f"{review.en}.",
        None,
        review.score,
        review.expected,
    )
