"""Public lists: prices by segment and year, and the register of solution providers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from sample_data.industry import PRICES, YEARS, Industry
from sample_data.names import provider_names

#: providers on the list at the end of each year, and how many left it since the year before
LISTED, LEFT = (12, 15, 18), (0, 1, 1)
LIST_NAMES = {
    "zh": "虚构·汽车行业智能制造系统解决方案供应商名单（第{batch}批）",
    "en": "Fictional list of automotive solution providers (batch {batch})",
}
LIST_DAYS = (date(2024, 11, 20), date(2025, 9, 18), date(2026, 8, 27))


def price_index() -> pl.DataFrame:
    """Producer prices of each segment and year, 2025 = 1."""
    rows = [(segment, year, prices[i]) for segment, prices in PRICES.items() for i, year in enumerate(YEARS)]
    return pl.DataFrame(rows, schema={"segment": pl.String, "year": pl.Int64, "price_index": pl.Float64}, orient="row")


def providers(industry: Industry, classes: Sequence[str], grades: Sequence[str]) -> pl.DataFrame:
    """Providers on the list of each year; two have left it since, so the numbers are 12, 15 and 18."""
    random = industry.stream("providers")
    total = LISTED[-1] + sum(LEFT)
    names = provider_names(total, industry.language, random)
    kind, grade = random.integers(0, len(classes), total), random.integers(0, len(grades), total)
    on_list: list[tuple[int, int]] = []  # number of the provider, batch
    rows = []
    came = 0
    for batch, year in enumerate(YEARS):
        on_list = on_list[LEFT[batch] :]  # the oldest leave
        new = LISTED[batch] - len(on_list)
        on_list += [(came + i, batch) for i in range(new)]
        came += new
        for number, since in on_list:
            title = LIST_NAMES[industry.language].format(batch=since + 1)
            codes = (classes[kind[number]], grades[grade[number]])
            rows.append((f"S{number + 1:04d}", year, names[number], *codes, title, LIST_DAYS[since]))
    columns = ["provider_id", "year", "name", "provider_class", "grade", "list_name", "listed_on"]
    return pl.DataFrame(rows, schema=columns, orient="row")
