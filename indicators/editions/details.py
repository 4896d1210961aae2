"""The further tables of an edition: what stands behind the results. Their columns are public, as those of the results are."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

_KEY: dict[str, pl.DataType] = {"indicator": pl.String(), "period": pl.String()}
_CATEGORY: dict[str, pl.DataType] = {"breakdown": pl.String(), "category": pl.String()}

#: name of the table → its columns. Numbers are in the unit of the indicator unless said otherwise
DETAILS: dict[str, dict[str, pl.DataType]] = {
    # two categories of one breakdown held against each other: value of `category` less value of `other`
    "comparisons": {
        **_KEY,
        **_CATEGORY,
        "other": pl.String(),
        "difference": pl.Float64(),
        "se": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "significant": pl.Boolean(),  # does it differ from zero at 95 %
    },
    # what a change is made of, and the same change by other methods; the parts of one method add up to its part `total`
    "decomposition": {
        **_KEY,  # the indicator is the change
        "base_period": pl.String(),
        "method": pl.String(),  # bennet, gead, chained, matched, composition, raw, reweighted, revised_base …
        **_CATEGORY,
        "part": pl.String(),  # within, between, entry, exit, total …
        "value": pl.Float64(),
        "se": pl.Float64(),
        "n": pl.Int64(),
    },
    # every published number of a whole year held against each target of its indicator, from the base year on
    "assessments": {
        **_KEY,
        **_CATEGORY,
        "target": pl.String(),
        "scope": pl.Boolean(),  # is it the number that the law speaks of
        "threshold": pl.Float64(),
        "value": pl.Float64(),
        "se": pl.Float64(),
        "base_period": pl.String(),
        "base": pl.Float64(),  # value of the base year; 0 for changes on it and steps since
        "base_se": pl.Float64(),
        "covariance": pl.Float64(),  # of value and base
        "gap": pl.Float64(),
        "gap_low": pl.Float64(),
        "gap_high": pl.Float64(),
        "distance": pl.Float64(),  # share of the way from base to threshold that is done; null where the base was there already
        "path": pl.Float64(),  # where the path in force would have it
        "path_gap": pl.Float64(),  # what is missing to the path; positive means behind
        "pace": pl.Float64(),  # pace since the base over the pace required from there
        "grade": pl.String(),  # of the pace by the numbers alone: one of GRADES; null once the threshold is reached
        "other": pl.String(),  # the grade beside it, where they cannot be told apart
        "probability": pl.Float64(),  # of the grade (of on_track with p_met), or of both together, given the sampling error
        "p_met": pl.Float64(),  # that the true value reaches the threshold, given the sampling error
        "p_on_track": pl.Float64(),  # of pace, without those that reach the threshold already
        "p_acceleration": pl.Float64(),
        "p_limited": pl.Float64(),
        "p_deterioration": pl.Float64(),
        "outcome": pl.String(),  # see OUTCOMES
    },
    # the dated way to a target, and where today's pace would lead; of the numbers that the law speaks of
    "paths": {
        **_KEY,  # the year whose number the scenario departs from
        **_CATEGORY,
        "target": pl.String(),
        "kind": pl.String(),  # path; same_pace (a scenario, sampling error only); trend (a curve through all years)
        "vintage": pl.String(),  # the day a path was declared; null for the others
        "year": pl.Int64(),
        "value": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
    },
    # pace so far, pace needed for the time left, and the pace that the fastest fifth of categories ever had; a year
    "paces": {
        **_KEY,
        **_CATEGORY,
        "target": pl.String(),
        "scale": pl.String(),  # linear: in the unit of the indicator; log: as a rate of growth
        "achieved": pl.Float64(),
        "required": pl.Float64(),
        "among": pl.String(),  # the breakdown whose categories are looked at
        "categories": pl.Int64(),  # how many of them have a pace
        "fastest": pl.Float64(),  # what the fastest fifth of them reached in some year, or more
        "reached": pl.Boolean(),  # did the fastest fifth ever move as fast as is required
    },
    # the verdict of other official methods on the same numbers
    "methods": {
        **_KEY,
        **_CATEGORY,
        "target": pl.String(),
        "method": pl.String(),
        "figure": pl.Float64(),  # the ratio or score that the method goes by; null where it does not apply
        "verdict": pl.String(),  # in the words of the method; null where it does not apply
        "direction": pl.String(),  # the same in three words: on_track, behind, away; null where it does not apply
        "agrees": pl.Boolean(),  # with the direction of our own pace
        "reason": pl.String(),  # why it does not apply
    },
    # a gap and the change since the base, split over the categories of a breakdown; parts add up to the part `total`
    "splits": {
        **_KEY,
        **_CATEGORY,
        "target": pl.String(),
        "part": pl.String(),  # category; rest (those withheld, unclassified or folded in with them); composition; total
        "scale": pl.String(),  # linear, or log: how the weights make the national number of those of the categories
        "weight": pl.Float64(),
        "value": pl.Float64(),
        "units": pl.Float64(),  # units in the population, by weight
        "missing": pl.Float64(),  # of what is counted, how many more would close the gap of the category
        "contribution": pl.Float64(),  # to the gap
        "se": pl.Float64(),  # of the contribution, weights taken as known
        "share": pl.Float64(),  # of the gap; null, as all that goes by it, where nothing is to go or the gap is within error
        "rank": pl.Int64(),  # 1 is the largest contribution
        "cumulative": pl.Float64(),  # share of the gap held by the ranks up to this one
        "essential": pl.Boolean(),  # among the fewest that hold 80 % of the gap
        "within": pl.Float64(),  # of the change since the base: what the category itself changed
        "composition": pl.Float64(),  # of the change since the base: what its share of the whole changed
    },
    # what a reader of the former edition should be told: fired alerts only, each with its reason
    "alerts": {
        **_KEY,
        **_CATEGORY,
        "kind": pl.String(),  # verdict, revision, late
        "target": pl.String(),
        "edition": pl.String(),  # the former one
        "former": pl.String(),
        "now": pl.String(),
        "why_zh": pl.String(),
        "why_en": pl.String(),
    },
    # members of a fixed panel by their value in the base period and in the period
    "transitions": {
        **_KEY,
        "base_period": pl.String(),
        **_CATEGORY,
        "before": pl.String(),
        "after": pl.String(),  # `lost` for those of whom nothing is known any more
        "units": pl.Int64(),
    },
    # who was asked and who answered; rates as fractions
    "response": {
        **_KEY,
        **_CATEGORY,
        "asked": pl.Int64(),
        "answered": pl.Int64(),
        "rate": pl.Float64(),  # answered / asked
        "rate_weighted": pl.Float64(),  # by design weight
        "rate_size": pl.Float64(),  # by design weight × size
    },
    # how the weights of an indicator were made, one row a step and period
    "weighting": {
        **_KEY,
        "version": pl.String(),  # of the weights kept in the warehouse
        "method": pl.String(),  # design, response group, linear, raking, logit
        "units": pl.Int64(),
        "totals": pl.Int64(),  # how many totals the weights give
        "dropped": pl.String(),  # totals that could not be met
        "smallest": pl.Float64(),  # factor on the design weight
        "largest": pl.Float64(),
        "worst": pl.Float64(),  # largest relative distance from a total that was to be met
    },
    # published values that later editions changed
    "revisions": {
        **_KEY,
        **_CATEGORY,
        "edition": pl.String(),  # the edition that is held against this one: the last, or the first, that published the number
        "former": pl.Float64(),
        "value": pl.Float64(),
        "revision": pl.Float64(),  # value − former
        "beyond_error": pl.Boolean(),  # outside the interval of the former edition
        "reason": pl.String(),  # what differs between the editions: data, plan, both; else frozen (the base), version
    },
    # how far the numbers of an indicator moved over all editions up to this one
    "revision_summary": {
        "indicator": pl.String(),
        "stage": pl.String(),  # latest: from the first publication to the newest; final: from provisional to final
        "rows": pl.String(),  # total, or all: every breakdown with it
        "compared": pl.Int64(),  # numbers published at both ends
        "revised": pl.Int64(),  # of these, how many differ
        "mean": pl.Float64(),  # mean revision of those compared: its sign is the direction
        "mean_absolute": pl.Float64(),
        "relative": pl.Float64(),  # sum of absolute revisions over the sum of absolute later values
        "share_beyond": pl.Float64(),  # share of those revised that left the former interval; null where none is known
        "largest_revision": pl.Float64(),  # with its sign
    },
    # what editing changed, by rule; counts only, never a record. Null: over several, or too small to be told
    "edits": {
        "table": pl.String(),
        "column": pl.String(),
        "period": pl.String(),
        "rule": pl.String(),
        "method": pl.String(),
        "values": pl.Int64(),
        "units": pl.Int64(),
    },
}


def as_details(name: str, frame: pl.DataFrame | None) -> pl.DataFrame:
    """The frame with exactly the columns of DETAILS[name], sorted; no rows for None.

    Raises polars.exceptions.SchemaError when a column is missing or foreign.
    """
    schema = DETAILS[name]
    if frame is None:
        return pl.DataFrame(schema=schema)
    if set(frame.columns) != set(schema):
        odd = sorted(set(frame.columns) ^ set(schema))
        raise pl.exceptions.SchemaError(f"columns missing in or foreign to the table {name}: {odd}")
    cast = frame.select(pl.col(column).cast(dtype) for column, dtype in schema.items())
    order = [column for kind in (pl.String(), pl.Int64()) for column, dtype in schema.items() if dtype == kind]
    return cast.sort(order, nulls_last=True)


def complete(details: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Every table of DETAILS; those not given are empty. Raises KeyError for a table that DETAILS does not have."""
    if foreign := set(details) - set(DETAILS):
        raise KeyError(f"not tables of an edition: {sorted(foreign)}")
    return {name: as_details(name, details.get(name)) for name in DETAILS}
