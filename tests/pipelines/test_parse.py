"""Texts of cells as typed values: every form that is understood, every form that is refused, and laws over all texts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import units
from pipelines.cell_text import uscc
from pipelines.dictionary import CodeList, Column
from pipelines.parse import Reading, parse
from pipelines.reasons import BY_CODE, FIRST_FAULT, PLAIN, REASONS

TODAY = dt.date(2026, 11, 22)
PROVINCES = CodeList.model_validate(
    {
        "id": "province",
        "name": {"zh": "省份", "en": "provinces"},
        "codes": {
            "310000": {"name": {"zh": "上海市", "en": "Shanghai"}, "aliases": ["上海", "沪"]},
            "320000": {"name": {"zh": "江苏省", "en": "Jiangsu"}, "aliases": ["江苏"]},
        },
    }
)
#: the time of one example says nothing on a busy machine
LAW = settings(deadline=None, max_examples=60)
NAMES = {reason.code: name for name, reason in REASONS.items()} | {PLAIN: ""}


def reading(kind: str, *, header: str | None = None, stated: bool = False, of: tuple[str, ...] = (), **column: Any) -> Reading:
    entry = Column.model_validate({"type": kind, "name": {"zh": "列", "en": "column"}, "tier": "general", **column})
    codes = PROVINCES if kind == "code" else None
    missing = ("NA", "/", "无", "缺失")
    return Reading(id="x", column=entry, missing=missing, codes=codes, unit=header, stated=stated, units=of, today=TODAY)


def one(kind: str, text: str | None, **options: Any) -> tuple[Any, str]:
    cell = parse(pl.Series("x", [text], dtype=pl.String), reading(kind, **options))[0]
    return cell["value"], NAMES[cell["code"]]


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        (None, None, ""),
        ("", None, ""),
        ("  ", None, ""),
        ("NA", None, "missing"),
        ("－", None, "number.text"),
        ("1", 1.0, ""),
        ("-3", -3.0, ""),
        ("0.5", 0.5, ""),
        (".5", 0.5, ""),
        ("1e5", 1e5, ""),
        ("1,234,567.8", 1234567.8, "thousands"),
        ("1，234", 1234.0, "thousands"),
        ("１２３．５", 123.5, "width"),
        ("−3", -3.0, "minus"),
        ("（1,234.5）", -1234.5, "brackets"),
        (" 7", 7.0, "spaces"),
        ("+7", 7.0, "plus"),
        ("1 234 567", None, "number.separator"),
        ("1'234", None, "number.separator"),
        ("1.234,56", None, "number.comma"),
        ("12,5", None, "number.comma"),
        ("1,23", None, "number.comma"),
        ("0,123", None, "number.comma"),
        ("1.2.3", None, "number.separator"),
        ("(-5)", None, "number.text"),
        ("NaN", None, "number.infinite"),
        ("-inf", None, "number.infinite"),
        ("1e400", None, "number.infinite"),
        ("0x64", None, "number.base"),
        ("0o17", None, "number.base"),
        ("1_000", None, "number.base"),
        ("007", None, "number.zero"),
        ("一百", None, "number.words"),
        ("约1.2亿", None, "number.text"),
        ("10⁵", None, "number.text"),
        ("①", None, "number.text"),
        ("½", None, "number.text"),
        ("٣", None, "number.text"),
        ("#DIV/0!", None, "number.error"),
        ("8.5%", None, "number.percent"),
        ("3 辆", None, "number.suffix"),
        ("a\u202eb", None, "text.control"),
    ],
)
def test_numbers(text: str | None, value: float | None, reason: str) -> None:
    assert one("number", text) == (value, reason)


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("12", 12, ""),
        ("100.0", 100, ""),
        ("1,000", 1000, "thousands"),
        ("9007199254740993", 9007199254740993, ""),  # 2**53 + 1: a float would lose the last digit
        ("9,007,199,254,740,993", 9007199254740993, "thousands"),
        ("(9007199254740993)", -9007199254740993, "brackets"),
        ("100.5", None, "integer"),
        ("1e1", None, "number.scientific"),
        ("+100", None, "number.plus"),
        ("007", None, "number.zero"),
        ("9223372036854775808", None, "number.range"),
        ("八", None, "number.words"),
    ],
)
def test_counts(text: str, value: int | None, reason: str) -> None:
    assert one("integer", text) == (value, reason)


@pytest.mark.parametrize(
    ("plain", "text", "value", "reason"),
    [
        (None, "62%", 0.62, "percent"),
        (None, "６２％", 0.62, "percent"),
        (None, "5‰", 0.005, "percent"),
        (None, "0.62", None, "rate.unclear"),
        (None, "1", None, "rate.unclear"),
        ("fraction", "0.62", 0.62, ""),
        ("fraction", "1", 1.0, ""),
        ("fraction", "62", None, "rate.scale"),
        ("fraction", "1.0001", None, "rate.scale"),
        ("fraction", "62%", 0.62, "percent"),
        ("percent", "62", 0.62, ""),
        ("percent", "62 元", None, "number.suffix"),
    ],
)
def test_rates(plain: str | None, text: str, value: float | None, reason: str) -> None:
    options = {"plain": plain} if plain else {}
    assert one("rate", text, **options) == (value, reason)


def test_a_header_with_percent_says_how_a_rate_is_read() -> None:
    assert one("rate", "62", header="%", plain="fraction") == (0.62, "")


@pytest.mark.parametrize(
    ("kind", "unit", "header", "text", "value", "reason"),
    [
        ("number", "万元", None, "100万元", 100.0, "suffix"),
        ("number", "万元", None, "1.5亿元", 15000.0, "suffix"),
        ("number", "万元", None, "25,000 元", 2.5, "suffix"),
        ("number", "万元", "元", "123456.7", 12.34567, ""),
        ("number", "万元", "百万元", "3", 300.0, ""),
        ("number", "万元", "元", "1亿元", 10000.0, "suffix"),
        ("number", "万元", "当年价格", "3", 3.0, ""),
        ("number", "万元", None, "3 人", None, "number.unit"),
        ("number", "万元", None, "1.2亿", None, "number.unit"),
        ("number", "万辆", None, "2,531,000辆", 253.1, "suffix"),
        ("number", "%", None, "8.5%", 8.5, "percent"),
        ("integer", "家", None, "11270 家", 11270, "suffix"),
        ("integer", "人", None, "1.2万人", 12000, "suffix"),
        ("integer", "人", "万人", "1.2", 12000, ""),
        ("integer", "人", "万人", "1.23456", None, "integer"),
        ("number", "天", None, "3个月", None, "number.unit"),  # months have no fixed number of days
    ],
)
def test_units(kind: str, unit: str, header: str | None, text: str, value: float | None, reason: str) -> None:
    assert one(kind, text, header=header, unit=unit) == (value, reason)


def test_a_header_unit_of_another_family_is_an_error() -> None:
    with pytest.raises(ValueError, match="人 cannot be converted into 万元"):
        _ = reading("number", header="人", unit="万元").factor


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("00123", "00123", ""),
        ("0123", "0123", ""),
        ("440300123456789012", "440300123456789012", ""),
        ("913100006074E9", "913100006074E9", ""),
        ("０１１", "011", "width"),
        (" A1 ", "A1", "spaces"),
        ("9.11E+17", None, "identifier.scientific"),
        ("9111000012345678 9X", None, "identifier.space"),
        ("123.0", None, "identifier.decimal"),
        ("A\ufffd", None, "text.lost"),
        ("A\u200bB", None, "text.control"),
        ("NA", None, "missing"),
    ],
)
def test_identifiers(text: str, value: str | None, reason: str) -> None:
    assert one("identifier", text) == (value, reason)


def test_check_character_of_gb_32100() -> None:
    assert uscc("91350100M000100Y43")  # the example of the standard
    assert not uscc("91350100M000100Y44")
    assert one("identifier", "91350100M000100Y43", checksum="uscc") == ("91350100M000100Y43", "")
    assert one("identifier", "91310000607368474X", checksum="uscc") == ("91310000607368474X", "checksum")
    assert BY_CODE[REASONS["checksum"].code].kind == "review"


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("某公司", "某公司", ""),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0", ""),
        ("＝1+1", "＝1+1", ""),
        ("𝕏科技🚗", "𝕏科技🚗", ""),
        ("多行\n备注", "多行\n备注", ""),
        ("\t=1+1", "=1+1", "spaces"),
        ("\n=1+1", "=1+1", "spaces"),
        ("\u3000甲 ", "甲", "spaces"),
        ("Cafe\u0301汽车", "Caf\u00e9汽车", "nfc"),
        ("某公司\u202efdp.exe", None, "text.control"),
        ("\u2066某\u2069公司", None, "text.control"),
        ("某\x00某", None, "text.control"),
        ("缺失", None, "missing"),
    ],
)
def test_texts(text: str, value: str | None, reason: str) -> None:
    assert one("text", text) == (value, reason)


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("310000", "310000", ""),
        ("上海市", "310000", ""),
        ("shanghai", "310000", ""),
        ("上 海", "310000", "word"),
        ("沪", "310000", "word"),
        ("３１００００", "310000", "width"),
        ("上海滩", None, "code"),
    ],
)
def test_codes(text: str, value: str | None, reason: str) -> None:
    assert one("code", text, codes="province") == (value, reason)


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("TRUE", True, ""),
        ("false", False, ""),
        ("是", True, "word"),
        ("否", False, "word"),
        ("有", True, "word"),
        ("无", None, "boolean.missing"),  # is also a missing marker here; as blank, the share of 有 would be 100 %
        ("Yes", True, "word"),
        ("no", False, "word"),
        ("1", True, "word"),
        ("0", False, "word"),
        ("√", True, "word"),
        ("×", False, "word"),
        ("部分", None, "boolean"),
        ("2", None, "boolean"),
        ("/", None, "missing"),
    ],
)
def test_booleans(text: str, value: bool | None, reason: str) -> None:
    assert one("boolean", text) == (value, reason)


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("2025-03-01", dt.date(2025, 3, 1), ""),
        ("2025-03-01 00:00:00", dt.date(2025, 3, 1), ""),
        ("2025/3/1", dt.date(2025, 3, 1), "date"),
        ("2025.3.1", dt.date(2025, 3, 1), "date"),
        ("20250301", dt.date(2025, 3, 1), "date"),
        ("2025年3月1日", dt.date(2025, 3, 1), "date"),
        ("2025-03-01T23:30:00+08:00", dt.date(2025, 3, 1), "time"),
        ("45717", None, "date.serial"),
        ("01/02/2025", None, "date.order"),
        ("25/3/1", None, "date.short"),
        ("2025-02-30", None, "date.impossible"),
        ("2024-13-45", None, "date.impossible"),
        ("2025-03-01T25:00:00", None, "date.impossible"),
        ("2025-03", None, "date.text"),
        ("2025-03-01x", None, "date.text"),
        ("2099-01-01", dt.date(2099, 1, 1), "future"),
    ],
)
def test_dates(text: str, value: dt.date | None, reason: str) -> None:
    assert one("date", text) == (value, reason)


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("2025-03-01T08:00:00+08:00", dt.datetime(2025, 3, 1, 8), ""),
        ("2025-03-01 08:00", dt.datetime(2025, 3, 1, 8), ""),
        ("2025-03-01T23:00:00Z", dt.datetime(2025, 3, 2, 7), "zone"),
        ("2025-03-01T08:00:00.25-05:30", dt.datetime(2025, 3, 1, 21, 30, 0, 250000), "zone"),
        ("2025年3月1日", dt.datetime(2025, 3, 1), "date"),
        ("2025-03-01T24:61", None, "date.impossible"),
        ("45717.5", None, "date.serial"),
        ("2099-01-01T00:00:00+08:00", dt.datetime(2099, 1, 1), "future"),
    ],
)
def test_timestamps_are_china_time(text: str, value: dt.datetime | None, reason: str) -> None:
    assert one("timestamp", text) == (value, reason)


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("2026-03", dt.date(2026, 3, 1), ""),
        ("2026-03-01", dt.date(2026, 3, 1), ""),
        ("2026年3月", dt.date(2026, 3, 1), "period"),
        ("202603", dt.date(2026, 3, 1), "period"),
        ("2022.05", dt.date(2022, 5, 1), "period"),
        ("2022.10", dt.date(2022, 10, 1), "period"),
        ("2022.1", None, "month.unclear"),
        ("2026-03-02", None, "month.day"),
        ("2026-13", None, "month.text"),
        ("Mar-26", None, "month.text"),
        ("45717", None, "date.serial"),
        ("2027-01", dt.date(2027, 1, 1), "future"),
    ],
)
def test_months(text: str, value: dt.date | None, reason: str) -> None:
    assert one("month", text) == (value, reason)


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("2024", 2024, ""),
        ("2024年", 2024, "period"),
        ("2024.0", 2024, "whole"),
        ("２０２４", 2024, "width"),
        ("2,024", None, "year.text"),
        ("24", None, "year.text"),
    ],
)
def test_years(text: str, value: int | None, reason: str) -> None:
    assert one("year", text) == (value, reason)


def test_unit_cells() -> None:
    assert one("unit", "元", of=("万元",)) == ("元", "unit")
    assert one("unit", "万元", of=("万元",)) == ("万元", "")
    assert one("unit", "人", of=("万元",)) == (None, "unit.unknown")


@LAW
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_the_one_python_reads(number: float) -> None:
    assert one("number", repr(number))[0] == number


@LAW
@given(st.integers(-(2**63), 2**63 - 1))
def test_a_count_keeps_every_digit_with_and_without_separators(number: int) -> None:
    assert one("integer", str(number)) == (number, "")
    assert one("integer", f"{number:,}")[0] == number


@LAW
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=2))
def test_written_forms_of_one_number_agree(number: Any) -> None:
    plain = f"{number:f}"
    wide = plain.translate({ord(a): ord(a) + 0xFEE0 for a in "0123456789.-"})
    forms = [plain, wide, f"{number:,f}", f" {plain} ", plain.replace("-", "−")]
    if number < 0:
        forms.append(f"({-number:f})")
    assert {one("number", form)[0] for form in forms} == {float(plain)}


@LAW
@given(
    st.sampled_from(["number", "integer", "rate", "boolean", "date", "month", "year", "timestamp", "code"]), st.text(max_size=12)
)
def test_no_text_becomes_null_without_a_reason(kind: str, text: str) -> None:
    value, reason = one(kind, text, **({"codes": "province"} if kind == "code" else {}))
    if value is None and text.strip():
        assert REASONS[reason].kind == "fault" or reason == "missing"
    if reason and REASONS[reason].code >= FIRST_FAULT:
        assert value is None


@LAW
@given(
    st.lists(st.sampled_from(["1", "x", "1,000", None, "", "007", "2.5", "NA", "１"]), min_size=1, max_size=30), st.integers(1, 7)
)
def test_a_cell_is_read_alike_in_every_batch(texts: list[str | None], size: int) -> None:
    series = pl.Series("x", texts, dtype=pl.String)
    for kind in ("number", "integer", "text", "identifier", "year"):
        how = reading(kind)
        parts = pl.concat([parse(series[i : i + size], how) for i in range(0, len(series), size)])
        assert parts.to_list() == [parse(series[i : i + 1], reading(kind))[0] for i in range(len(series))]


@LAW
@given(st.sampled_from(["元", "千元", "万元", "百万元", "亿元"]), st.sampled_from(["元", "千元", "万元", "百万元", "亿元"]))
def test_unit_factors_go_both_ways(one_unit: str, other: str) -> None:
    there, back = units.factor(one_unit, other), units.factor(other, one_unit)
    assert there is not None
    assert back is not None
    assert there * back == 1
    assert units.related(other)[one_unit] == there


@pytest.mark.parametrize(
    ("text", "base", "scale"),
    [("万元", "元", 10**4), ("10 thousand yuan", "元", 10**4), ("100 million yuan", "元", 10**8), ("million RMB", "元", 10**6),
     ("单位：亿元", "元", 10**8), ("万 人", "人", 10**4), ("千瓦时", "千瓦时", 1),
     ("万千瓦时", "千瓦时", 10**4), ("百分比", "%", 1)],
)  # fmt: skip
def test_spellings_of_units(text: str, base: str, scale: int) -> None:
    found = units.unit(text)
    assert found is not None
    assert (found.base, found.scale) == (base, scale)


def test_every_reason_has_its_own_number_and_both_languages() -> None:
    assert len(BY_CODE) == len(REASONS)
    assert max(BY_CODE) < 256
    assert all(reason.words.zh != reason.words.en for reason in REASONS.values())
    assert all((reason.code >= FIRST_FAULT) == (reason.kind == "fault") for reason in REASONS.values())
