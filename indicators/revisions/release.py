"""Provisional or final: a number stays provisional until newer data have come in behind it.

The rule is that of scheduled revisions, P → F with the next wave (Eurostat 2013, ESS guidelines on revision policy for
PEEIs): a year is final when its indicator has data of `final_after` later years.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.catalogue.question import Question
from indicators.editions.results import RELEASES, TOTAL
from indicators.engines import Engine
from indicators.revisions.frozen import FrozenBase
from indicators.statements.months import PRESENT
from pipelines.database import quoted

PROVISIONAL, FINAL = RELEASES


def unwatched(question: Question, engine: Engine) -> set[str]:
    """Years to whose end the records of a duration are not yet true.

    A year is watched to its end when most of the rows that reach into it, or beyond, were true on its last day.
    """
    measured = question.indicators[0].duration
    assert measured is not None
    day = quoted(measured.as_of)
    rows = engine.query(f"SELECT {day} AS day, count(*) AS n FROM {quoted(question.table.id)} GROUP BY {day}").drop_nulls("day")
    days = [(day, int(n)) for day, n in rows.with_columns(pl.col("day").cast(pl.Date)).iter_rows()]
    found = set()
    for year in {day.year for day, _ in days}:
        reaching = sum(n for day, n in days if day >= date(year, 1, 1))
        whole = sum(n for day, n in days if day >= date(year, 12, 31))
        if whole < PRESENT * reaching:
            found.add(str(year))
    return found


def released(
    plan: Plan,
    results: pl.DataFrame,
    levels: pl.DataFrame,
    *,
    unfinished: Collection[tuple[str, str]] = (),
    declared: Collection[str] = (),
    base: FrozenBase | None = None,
) -> pl.DataFrame:
    """The results with `release`; every row of a year, its quarters and months, and the changes up to it, bear the same.

    A later year counts when it is not in `unfinished` (indicator, year) and at least half as many answered as in the year
    itself: one early reporter does not make a year. `declared` years are final whatever the data say, and so is what the
    frozen base holds.
    """
    years = levels.filter(pl.col("breakdown") == TOTAL, pl.col("period").str.len_chars() == 4, pl.col("n").is_not_null())
    known = {(str(indicator), str(year)): int(n) for indicator, year, n in years.select("indicator", "period", "n").iter_rows()}
    rows = []
    for indicator in plan.indicators.values():
        source = indicator.change_of or indicator.id
        own = {year: n for (name, year), n in known.items() if name == source}
        whole = {year for year in own if (source, year) not in unfinished}
        for year, n in own.items():
            later = sum(other > year and own[other] >= PRESENT * n for other in whole)
            enough = later >= plan.identity.final_after and (later > 0 or year in whole)
            rows.append({"indicator": indicator.id, "year": year, "release": FINAL if enough else PROVISIONAL})
    known_rows = pl.DataFrame(rows, schema={"indicator": pl.String, "year": pl.String, "release": pl.String})
    own_year = pl.col("period").str.slice(0, 4)
    marked = results.drop("release", strict=False).with_columns(year=own_year)
    marked = marked.join(known_rows, on=["indicator", "year"], how="left", maintain_order="left").drop("year")
    if base is not None:
        held = base.covered.with_columns(is_held=pl.lit(True))
        marked = marked.join(held, on=["indicator", "period", "breakdown"], how="left", maintain_order="left")
        marked = marked.with_columns(release=pl.when("is_held").then(pl.lit(FINAL)).otherwise("release")).drop("is_held")
    by_hand = pl.when(own_year.is_in(sorted(declared))).then(pl.lit(FINAL))
    return marked.with_columns(release=pl.coalesce(by_hand, "release", pl.lit(PROVISIONAL)))
