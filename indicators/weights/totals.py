"""Totals: what the register knows of the strata that are calibrated, period by period."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from indicators.catalogue.question import Question
from indicators.engines import Engine
from indicators.statements.sample import strata_statement, totals_statement
from indicators.weights.weighting import joins


@dataclass(frozen=True, kw_only=True)
class Known:
    """For one period: the strata whose weights may move, and the totals over them (margin, category, total, blank).

    `whole` is false where the register does not list all the units that these strata are said to have; there are no totals then.
    """

    strata: frozenset[str]
    totals: pl.DataFrame
    whole: bool


@dataclass(frozen=True, kw_only=True)
class Register:
    """Strata and totals of the register of a question, year by year."""

    question: Question
    strata: pl.DataFrame  # year, stratum, listed, asked, population
    totals: pl.DataFrame  # margin, year, stratum, category, total, blank

    def of(self, part: pl.DataFrame) -> Known:
        """What is known for the answers of one period (period, stratum, answered, population).

        Strata asked whole are left out unless the plan says otherwise; one from which nobody answered counts with the stratum
        that it joined, and not at all where it joined none.
        """
        design = self.question.design
        assert design is not None and design.calibration is not None
        year = int(part["period"][0]) // 10000
        answered = part.group_by("stratum").agg(pl.col("answered", "population").first())
        names, own = set(answered["stratum"]), self.strata.filter(pl.col("year") == year)
        ways = {name: target for name in own["stratum"] if (target := joins(self.question, names, name)) is not None}
        table = pl.DataFrame(
            {"stratum": list(ways), "target": list(ways.values())}, schema=dict.fromkeys(("stratum", "target"), pl.String)
        )
        asked = pl.when(pl.col("asked").is_not_null().all()).then(pl.col("asked").sum())
        joined = own.join(table, on="stratum").group_by("target").agg(pl.col("listed").sum(), asked=asked)
        sizes = answered.join(joined, left_on="stratum", right_on="target", how="left")
        # where the register does not say who was asked, a stratum in which everyone answered was asked whole
        whole_size = pl.max_horizontal("listed", "population")  # a register of the sample alone lists less than the population
        taken = pl.coalesce(pl.col("asked") >= whole_size, pl.col("answered") >= pl.col("population"))
        fitted = sizes if design.calibration.take_all else sizes.filter(~taken)
        whole = bool(((fitted["listed"].fill_null(0) - fitted["population"]).abs() < 0.5).all())
        inside = table.filter(pl.col("target").is_in(fitted["stratum"].implode())).select("stratum")
        totals = self.totals.filter(pl.col("year") == year).join(inside, on="stratum")
        return Known(strata=frozenset(fitted["stratum"]), totals=totals if whole else totals.clear(), whole=whole)


def read_register(question: Question, engine: Engine) -> Register:
    """The register of a question whose design has a calibration, which the plan check has made sure of."""
    assert question.design is not None and question.design.calibration is not None
    strata = engine.query(strata_statement(question))
    totals = engine.query(totals_statement(question, question.design.calibration.totals)).drop_nulls("stratum")
    # engines answer in any order, and the last digits of a sum depend on it
    return Register(
        question=question, strata=strata.sort("year", "stratum"), totals=totals.sort("margin", "year", "stratum", "category")
    )
