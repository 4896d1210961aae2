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


#: purchase prices of inputs in 2025 and 2026, previous year = 100; they fall a little faster than the prices of output
INPUT_PPI: dict[str, tuple[float, float]] = {
    "3611": (96.60, 97.30),
    "3612": (95.10, 96.40),
    "3620": (98.50, 98.80),
    "3630": (98.90, 99.10),
    "3640": (99.20, 99.40),
    "3650": (99.00, 99.20),
    "3660": (98.60, 99.00),
    "3670": (98.05, 98.45),
}
#: both for the whole of vehicle manufacturing, division 36: output, inputs
DIVISION = {2025: (97.60, 97.30), 2026: (98.30, 97.90)}
VINTAGE = {"zh": "2025年基期轮次，次年1月发布", "en": "base round 2025, published in January of the next year"}


def price_index(language: str) -> pl.DataFrame:
    """Producer price indices of output and inputs by industry and year, previous year = 100, two decimals as published."""
    rows = [("36", year, *both, VINTAGE[language]) for year, both in DIVISION.items()]
    for segment, prices in PRICES.items():
        for i, year in enumerate(YEARS[1:]):
            output = round(100 * prices[i + 1] / prices[i], 2)
            rows.append((segment, year, output, INPUT_PPI[segment][i], VINTAGE[language]))
    columns = {"industry": pl.String, "year": pl.Int64, "output_ppi": pl.Float64, "input_ppi": pl.Float64, "vintage": pl.String}
    return pl.DataFrame(rows, schema=columns, orient="row")


def output_prices() -> pl.DataFrame:
    """segment, year and output_price (2025 = 1) of each segment, as the published indices give them."""
    table = price_index("zh")
    published = {(industry, year): ppi for industry, year, ppi in table.select("industry", "year", "output_ppi").iter_rows()}
    rows = []
    for segment in PRICES:
        before, after = 100 / published[segment, 2025], published[segment, 2026] / 100
        rows += [(segment, year, price) for year, price in zip(YEARS, (before, 1.0, after), strict=True)]
    return pl.DataFrame(rows, schema={"segment": pl.String, "year": pl.Int64, "output_price": pl.Float64}, orient="row")


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
