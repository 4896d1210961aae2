"""Prices: year-on-year indices made into a chain, base year = 1; the SQL of a derived column.

Index of a year = Π (previous year = 100) / 100 from the base upwards, and 1 / Π downwards (ILO, IMF, OECD et al. 2004, Producer
Price Index Manual, ch. 9): year-on-year links chain across a change of the base round. The product is taken as exp Σ ln, because
engines add in windows and do not multiply. The base is exactly 1. Where an index between the base and the year is missing or not
above zero, there is no price: not the last one known, and not 1.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.database import literal, quoted
from pipelines.dictionary import Chain, Dictionary, Table


def steps_statement(dictionary: Dictionary, table: Table, chain: Chain) -> str:
    """Every series and year with its index: the columns of `by`, the year, `_index` (null where none), `_stood_in`.

    The index is the series' own, or where it has none that of its fallback, and then `_stood_in` is 1.
    """
    own, coarse = (f"CAST({alias}.{quoted(chain.of)} AS DOUBLE)" for alias in ("own", "coarse"))
    year = quoted(str(table.period))
    index, stood_in, joins = own, "0", [_same(table, chain, "own", {})]
    if chain.fallback:
        index = f"coalesce({own}, {coarse})"
        stood_in = f"CASE WHEN {own} IS NULL AND {coarse} IS NOT NULL THEN 1 ELSE 0 END"
        joins.append(_same(table, chain, "coarse", chain.fallback))
    series = [f"({_series(dictionary, table, chain, name)}) AS series_{i}" for i, name in enumerate(chain.by)]
    columns = [f"series_{i}.{quoted(name)} AS {quoted(name)}" for i, name in enumerate(chain.by)]
    columns += [f"years.{year} AS {year}", f"{index} AS _index", f"{stood_in} AS _stood_in"]
    crossed = "\n  CROSS JOIN ".join([*series, f"({_years(table, chain)}) AS years"])
    return "\n  ".join([f"SELECT {', '.join(columns)}", f"FROM {crossed}", *joins])


def chain_statement(dictionary: Dictionary, table: Table, name: str) -> str:
    """The columns of `by`, the year, and the chain under its name; null where the chain is broken."""
    chain = table.chains[name]
    year, by = quoted(str(table.period)), ", ".join(quoted(column) for column in chain.by)
    steps = "".join(
        f",\n  {text}(CASE WHEN {year} {side} {chain.base} AND _index > 0 THEN ln(_index / 100) END) OVER {window} AS {what}"
        for side, window, whats in ((">", "_up", ("_rise", "_steps_up")), ("<=", "_down", ("_fall", "_steps_down")))
        for text, what in zip(("sum", "count"), whats, strict=True)
    )
    before = f"PARTITION BY {by} ORDER BY {year} DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    to_here = f"PARTITION BY {by} ORDER BY {year} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    indented = steps_statement(dictionary, table, chain).replace("\n", "\n  ")
    return (
        f"SELECT {by}, {year}, CASE\n"
        f"  WHEN {year} = {chain.base} THEN CAST(1 AS DOUBLE)\n"
        f"  WHEN {year} > {chain.base} AND _steps_up = {year} - {chain.base} THEN exp(_rise)\n"
        f"  WHEN {year} < {chain.base} AND _steps_down = {chain.base} - {year} THEN exp(-_fall) END AS {quoted(name)}\n"
        f"FROM (\n  SELECT {by}, {year}{steps}\n  FROM (\n  {indented}\n  ) AS steps\n"
        f"  WINDOW _up AS ({to_here}), _down AS ({before})\n) AS summed"
    )


def _series(dictionary: Dictionary, table: Table, chain: Chain, name: str) -> str:
    """The values of one column of `by`: those in the table, or all of its list where a fallback may stand in for any."""
    codes = table.columns[name].codes
    if name not in chain.fallback or codes is None:
        return f"SELECT DISTINCT {quoted(name)} FROM {quoted(table.id)}"
    first, *others = (literal(code) for code in dictionary.codes[codes].codes)
    return " UNION ALL ".join([f"SELECT {first} AS {quoted(name)}", *(f"SELECT {code}" for code in others)])


def _years(table: Table, chain: Chain) -> str:
    """The years of the table, the base, and the year before each: an index of 2025 gives the price of 2024, too."""
    year, own = quoted(str(table.period)), quoted(table.id)
    return f"SELECT {chain.base} AS {year} UNION SELECT {year} FROM {own} UNION SELECT {year} - 1 FROM {own}"


def _same(table: Table, chain: Chain, alias: str, instead: Mapping[str, str]) -> str:
    year = quoted(str(table.period))
    on = [f"{alias}.{year} = years.{year}"]
    for i, name in enumerate(chain.by):
        value = literal(instead[name]) if name in instead else f"series_{i}.{quoted(name)}"
        on.append(f"{alias}.{quoted(name)} = {value}")
    return f"LEFT JOIN {quoted(table.id)} AS {alias} ON {' AND '.join(on)}"
