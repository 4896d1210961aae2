"""Primary protection: which cells tell too much of one of their contributors, by which rule, and how far off is far enough.

With the contributions x1 ≥ x2 ≥ … of holding groups and their weighted sum X, a magnitude is unsafe where the second largest
could place the largest within p %: X − x1 − x2 < p/100 · x1, with x unweighted, because weights are not published (sample
form). Bounds of X must then stay p/100 · x1 − (X − x1 − x2) away. By the (n,k) rule it is unsafe where x1 + … + xn > k/100 · X,
and the distance is 100/k · (x1 + … + xn) − X. Contributions that may be negative are taken without their sign.
Source: Handbook on Statistical Disclosure Control, 2nd edition, ch. 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from indicators.catalogue.disclosure import Disclosure
from indicators.catalogue.question import Question
from indicators.editions.results import TOTAL
from indicators.estimation.estimate import KEYS
from indicators.protection.magnitude import Parts, parts
from indicators.statements.cells import category

#: one row is one cell of one indicator. `upper` and `lower`: how far above and below the total an attacker's bounds must stay;
#: 0 asks only that it cannot be worked out exactly, null that this sum is not what makes the cell unsafe
UNSAFE: dict[str, pl.DataType] = {
    **{name: pl.String() for name in KEYS},
    "groups": pl.Int64(),  # holding groups that reported
    "unsafe": pl.Boolean(),
    "reasons": pl.List(pl.String()),  # of REASONS; never leaves the house
    **{f"{of}_{part}": pl.Float64() for part in "yx" for of in ("total", "upper", "lower")},
}
REASONS = ("frequency", "percent", "dominance", "zero", "unanimity")

#: below this share of a sum a difference is rounding
_NOISE = 1e-12
_KINDS = {key: pl.String() if key == "nothing" else pl.Boolean() for key in Parts.__dataclass_fields__}


def unsafe(question: Question, contributions: pl.DataFrame, rules: Disclosure) -> pl.DataFrame:
    """Every cell of a question in each of its breakdown sets, see UNSAFE; `contributions` have the columns CONTRIBUTIONS.

    A cell is unsafe where its numerator is or its denominator, for the number between them tells of both.
    """
    found = {indicator.id: parts(question.plan, indicator) for indicator in question.indicators}
    return judged(contributions, question.sets, found, rules)


def judged(
    contributions: pl.DataFrame, sets: Iterable[tuple[str, ...]], measured: Mapping[str, Parts], rules: Disclosure
) -> pl.DataFrame:
    """The same for given breakdown sets, of which `contributions` bear the columns b_<breakdown>, and given indicators."""
    rows = [{"indicator": name, **{f"is_{key}": value for key, value in vars(one).items()}} for name, one in measured.items()]
    kinds = pl.DataFrame(rows, schema={"indicator": pl.String, **{f"is_{key}": kind for key, kind in _KINDS.items()}})
    largest = max(2, rules.dominance.largest if rules.dominance else 0)
    cells = pl.concat(_cells(contributions, names, largest) for names in sets).join(kinds, on="indicator")
    few = pl.col("groups") < rules.minimum_groups
    marked = cells.with_columns(frequency=few, unanimity=_unanimous(rules))
    for part in "yx":
        marked = _by_magnitude(marked, part, rules)
    broken = {name: pl.any_horizontal(f"{name}_y", f"{name}_x") for name in ("percent", "dominance", "zero")}
    broken |= {name: pl.col(name) for name in ("frequency", "unanimity")}
    reasons = pl.concat_list(pl.when(broken[name]).then(pl.lit(name)) for name in REASONS).list.drop_nulls()
    ruled = marked.with_columns(reasons=reasons, unsafe=pl.any_horizontal(broken.values()))
    return ruled.select(pl.col(name).cast(kind) for name, kind in UNSAFE.items()).sort(KEYS)


def _cells(contributions: pl.DataFrame, names: tuple[str, ...], largest: int) -> pl.DataFrame:
    """Sums and the largest contributions of the categories of one breakdown set."""
    splits = [f"b_{name}" for name in names]
    keys = ["indicator", "period", *splits]
    present = contributions.drop_nulls(splits) if splits else contributions
    sums = pl.col("units", "y", "x", "own_y", "own_x").sum()
    holdings = present.group_by([*keys, "holding"], maintain_order=True).agg(sums, pl.col("take_all").all())
    found = [(pl.col("units") > 0).sum().cast(pl.Int64).alias("groups"), pl.col("take_all").all()]
    for part in "yx":
        found += [pl.col(part).sum().alias(f"total_{part}"), pl.col(part).abs().sum().alias(f"size_{part}")]
        found.append(pl.col(f"own_{part}").abs().top_k(largest).alias(f"largest_{part}"))
    cells = holdings.group_by(keys, maintain_order=True).agg(found)
    # NOTE: top_k picks the largest in no particular order
    ordered = pl.col("largest_y", "largest_x").list.sort(descending=True)
    return cells.with_columns(pl.lit(",".join(names) or TOTAL).alias("breakdown"), category(names), ordered).drop(splits)


def _by_magnitude(cells: pl.DataFrame, part: str, rules: Disclosure) -> pl.DataFrame:
    """Adds what the rules say of one of the two sums, percent_ dominance_ and zero_, and its distances upper_ and lower_."""
    size, is_magnitude = pl.col(f"size_{part}"), pl.col(f"is_{part}")
    distances = {"percent": _percent(part, rules), "dominance": _dominance(part, rules)}
    too_near = {name: is_magnitude & (distance > _NOISE * size).fill_null(False) for name, distance in distances.items()}
    zero = is_magnitude & (size == 0) & (pl.col("groups") > 0)
    if part == "y":
        zero &= ~pl.col("period").eq_missing(pl.col("is_nothing"))
    told = pl.col("is_told_x") if part == "x" else pl.lit(True)
    exact = zero | (pl.col("frequency") & told) | (pl.col("unanimity") & pl.lit(part == "y"))
    known = [pl.when(too_near[name]).then(distance) for name, distance in distances.items()]
    upper = pl.max_horizontal(*known, pl.when(exact).then(0.0))
    # a sum of what is not negative lies no further below
    lower = pl.when(upper.is_not_null()).then(pl.min_horizontal(upper, size))
    flags = {f"{name}_{part}": flag for name, flag in {**too_near, "zero": zero}.items()}
    return cells.with_columns(upper.alias(f"upper_{part}"), lower.alias(f"lower_{part}"), **flags)


def _percent(part: str, rules: Disclosure) -> pl.Expr:
    """By how much the rest of a sum falls short of p % of its largest contribution."""
    if rules.percent is None:
        return pl.lit(None, pl.Float64)
    first, second = (pl.col(f"largest_{part}").list.get(i, null_on_oob=True).fill_null(0.0) for i in (0, 1))
    return first * rules.percent / 100 - (pl.col(f"size_{part}") - first - second)


def _dominance(part: str, rules: Disclosure) -> pl.Expr:
    """By how much a sum falls short of that of which its n largest contributions are k %."""
    if rules.dominance is None:
        return pl.lit(None, pl.Float64)
    largest = pl.col(f"largest_{part}").list.head(rules.dominance.largest).list.sum()
    return largest * 100 / rules.dominance.percent - pl.col(f"size_{part}")


def _unanimous(rules: Disclosure) -> pl.Expr:
    """Shares of none or of all, in a full count: what is said of everybody is said of each."""
    if rules.unanimity == "never":
        return pl.lit(False)
    y, x = pl.col("total_y"), pl.col("total_x")
    same = (y == 0) | ((y - x).abs() <= _NOISE * x.abs())
    asked = pl.col("is_share") & (pl.lit(rules.unanimity == "always") | pl.col("is_sensitive"))
    return asked & pl.col("take_all") & same & (pl.col("groups") > 0)
