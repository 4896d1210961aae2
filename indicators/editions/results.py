"""The results frame: one row is one published number. Its columns are a public, stable interface."""

from __future__ import annotations

import polars as pl

RESULTS: dict[str, pl.DataType] = {
    "indicator": pl.String(),  # id of the indicator
    "period": pl.String(),  # 2025, 2025-Q3 or 2025-09
    "breakdown": pl.String(),  # `total`, a breakdown, or several joined by commas: `segment,size_class`
    "category": pl.String(),  # `total`, a code, or codes in the order of the breakdown: `3670,small`
    "value": pl.Float64(),  # in the unit of the indicator, rates as fractions; null when not published
    "se": pl.Float64(),  # standard error in the same unit; 0 where every unit was asked; null when not known
    "low": pl.Float64(),  # 95 % interval; null when there is none
    "high": pl.Float64(),
    "n": pl.Int64(),  # enterprises (or units) behind the number; null when suppressed
    "quality": pl.String(),  # census, A to F, presentable (shares); null when not rated
    "review": pl.String(),  # why a person should look before relying on it: few_degrees, all_or_none, imputed; joined by commas
    "df": pl.Int64(),  # degrees of freedom behind the error; null where there is none
    "response_rate": pl.Float64(),  # of those asked, the share that answered, by design weight; null when not known
    "imputed_share": pl.Float64(),  # of the sum behind the number, the share imputed; 0 where nothing was; null where not edited
    "significant": pl.Boolean(),  # of a change: does it differ from zero at 95 %; null for all others
    "release": pl.String(),  # provisional or final
    "status": pl.String(),  # published, unreliable, suppressed, absent
    "target": pl.String(),  # id of the target this row is held against; null where none applies
    "target_year": pl.Int64(),
    "operator": pl.String(),  # > >= < <=
    "threshold": pl.Float64(),  # what must be reached, in the unit of the indicator
    "gap": pl.Float64(),  # what is still to go, in the unit of the indicator; positive means not there yet
    "verdict": pl.String(),  # met, not_met (target year reached), not_yet (before it), depends (on the method), undecided
    "gap_low": pl.Float64(),  # 95 % interval of the gap; null when there is none
    "gap_high": pl.Float64(),
    "outcome": pl.String(),  # the verdict that admits doubt, of whole years since the base: one of OUTCOMES
}

STATUSES = ("published", "unreliable", "suppressed", "absent")
VERDICTS = ("met", "not_met", "not_yet", "depends", "undecided")
#: of numbers before the target year and not there yet, the grade of their pace; best first
GRADES = ("on_track", "acceleration", "limited", "deterioration")
OUTCOMES = (
    "met",  # with 95 % certainty, or a full count; before the target year: so far
    "met_within_error",
    "not_met_within_error",
    "not_met",
    *GRADES,  # only where its probability is 70 % or more
    "cannot_tell",  # no grade is that probable
    "met_at_base",  # was met in the base year, and still is, with 95 % certainty
    "lost",  # was met in the base year, and is not any more, with 95 % certainty
    "base_only",  # the base year itself: nothing to compare yet
    "no_date",  # not there, and the plan says no date by which
    "no_error",  # its sampling error is not known, so nothing is said of doubt; the grade by the numbers stands beside it
    "depends",  # another accepted method says otherwise
    "no_number",  # the target has no number
)
RELEASES = ("provisional", "final")
REVIEWS = ("few_degrees", "all_or_none", "imputed")
TOTAL = "total"

#: engines add in parallel, so the last digits of a number are chance; what is published does not carry them
DIGITS = 13


def as_results(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with exactly the columns of RESULTS, in their order and types; missing ones are null.

    Raises polars.exceptions.SchemaError when a column outside RESULTS is present.
    """
    foreign = set(frame.columns) - set(RESULTS)
    if foreign:
        raise pl.exceptions.SchemaError(f"not columns of the results frame: {sorted(foreign)}")
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name) for name, dtype in RESULTS.items()
    ).sort("indicator", "period", "breakdown", "category", "target", nulls_last=True)
