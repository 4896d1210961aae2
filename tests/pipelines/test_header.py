"""Headers: recognised in both languages and many spellings, refused with the nearest words when they do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from indicators.catalogue.catalogue import load_plan
from pipelines.dictionary import Column, Dictionary, Table
from pipelines.header import Match, is_header, recognise
from pipelines.heading import join_rows, plain, split_unit
from pipelines.report import FileRefused
from pipelines.yamlfile import Text

DICTIONARY = load_plan(Path(__file__).parent.parent / "plans" / "bad_inputs").dictionary


def column(
    kind: str = "number", *aliases: str, unit: str | None = None, required: bool = False, zh: str = "甲", en: str = "alpha"
) -> Column:
    return Column(type=kind, name=Text(zh=zh, en=en), aliases=list(aliases), unit=unit, required=required, tier="general")


def table(name: str = "accounts", **columns: Column) -> Dictionary:
    columns = {"firm": column("identifier", zh="企业", en="firm"), **columns}
    found = Table(id=name, name=Text(zh="表", en="table"), key=["firm"], columns=columns, ignore=["备注"], header_rows=2)
    return Dictionary(tables={name: found}, codes={})


MONEY = table(value_added=column(unit="万元", zh="工业增加值", en="value added"), share=column("rate", zh="占比", en="share"))


def match(*rows: list[str | None], dictionary: Dictionary = MONEY, name: str | None = None) -> Match:
    return recognise(rows, dictionary, file="a.csv", table=name)


def refusal(*rows: list[str | None], dictionary: Dictionary = MONEY, name: str | None = None) -> str:
    with pytest.raises(FileRefused) as error:
        match(*rows, dictionary=dictionary, name=name)
    assert error.value.refusal.found.zh
    return error.value.refusal.in_language("en")


@pytest.mark.parametrize(
    "word",
    [
        "工业增加值",
        "value_added",
        "Value Added",
        " VALUE\nADDED ",
        "工业 增加值",
        "*工业增加值",
        "ｖａｌｕｅ　ａｄｄｅｄ",
        "\ufeff工业增加值",
    ],
)
def test_spellings(word: str) -> None:
    assert match(["企业", word]).columns == ("firm", "value_added")


@pytest.mark.parametrize(
    ("word", "unit"),
    [
        ("工业增加值（元）", "元"),
        ("工业增加值(万元)", "万元"),
        ("value added [10k yuan]", "10k yuan"),
        ("工业增加值（单位：亿元）", "亿元"),
        ("工业增加值\n（元）", "元"),
    ],
)
def test_units_in_headers(word: str, unit: str) -> None:
    assert match(["企业", word]).units == (None, unit)


def test_headers_in_both_languages() -> None:
    found = match(["企业\nfirm", "工业增加值（元）\nvalue added", "占比 / share"])
    assert (found.columns, found.units) == (("firm", "value_added", "share"), (None, "元", None))
    assert "unknown columns" in refusal(["企业\nfirm", "工业增加值\nshare"])
    assert "unknown columns" in refusal(["企业", "工业增加值（元）\nvalue added (万元)"])


def test_a_count_in_another_scale_is_unknown() -> None:
    dictionary = table(n=column("integer", zh="工序数", en="processes"))
    assert match(["企业", "工序数（个）"], dictionary=dictionary).columns == ("firm", "n")
    assert "unknown columns" in refusal(["企业", "工序数（万个）"], dictionary=dictionary)


def test_units_above_the_header_go_to_the_columns_they_fit() -> None:
    found = match(["2024年统计表", None, None], ["单位：元，％", None, None], ["企业", "工业增加值", "占比"])
    assert found.units == (None, "元", "%")
    assert (found.first, found.skipped, found.year) == (2, 2, "2024")
    assert match(["单位：元"], ["企业", "工业增加值（亿元）"]).units == (None, "亿元")  # the nearer statement counts
    assert match(["2023年与2024年"], ["企业", "工业增加值"]).year is None


def test_brackets_on_a_column_without_a_quantity_are_unknown() -> None:
    assert "`企业（盖章）` (did you mean `企业`?)" in refusal(["企业（盖章）", "企业", "工业增加值"])


def test_two_rows_of_header() -> None:
    dictionary = table(now=column(unit="万辆", zh="产量_当月"), total=column(unit="万辆", zh="产量_累计", en="total"))
    found = match(["企业", "产量", None], [None, "当月", "累计（辆）"], dictionary=dictionary)
    assert found.columns == ("firm", "now", "total")
    assert found.units == (None, None, "辆")
    assert found.height == 2
    above = match(["企业", "产量（辆）", None], [None, "当月", "累计"], dictionary=dictionary)
    assert (above.columns, above.units) == (("firm", "now", "total"), (None, "辆", "辆"))
    assert match(["firm", "now", "total"], ["F1", "1", "2"], dictionary=dictionary).height == 1
    assert join_rows([["a", "b", None], [None, "c", "d"]]) == ("a", "b_c", "b_d")


def test_what_does_not_fit_is_named_with_the_nearest_word() -> None:
    assert "unknown columns `工业增加直` (did you mean `工业增加值`?)" in refusal(["企业", "工业增加直"])
    assert "missing columns firm" in refusal(["工业增加值", "占比"])
    assert "stand there twice: value_added" in refusal(["企业", "工业增加值", "value_added"])
    assert "no header" in refusal(["F1", "12"], ["F2", "13"])
    assert "12" not in refusal(["F1", "12"], ["F2", "13"])  # rows are not quoted
    assert "and 1992 more" in refusal(["企业", *(f"c{i}" for i in range(2000))])
    assert "garbled" in refusal(["Æó\u00d2µ", "¹¤Òµ"])


def test_columns_to_be_ignored() -> None:
    assert match(["企业", "备注", "工业增加值"]).columns == ("firm", None, "value_added")


def test_the_table_may_be_named() -> None:
    one, other = table("one", v=column(zh="值", en="v")), table("other", v=column(zh="值", en="v"))
    both = Dictionary(tables={**one.tables, **other.tables}, codes={})
    assert "several tables equally: one, other" in refusal(["企业", "值"], dictionary=both)
    assert "one=a.csv" in refusal(["企业", "值"], dictionary=both)
    assert match(["企业", "值"], dictionary=both, name="other").table == "other"
    assert "no table elsewhere" in refusal(["企业", "值"], dictionary=both, name="elsewhere")


def test_the_larger_table_wins() -> None:
    small, large = table("small", v=column(zh="值", en="v")), table("large", v=column(zh="值", en="v"), w=column(zh="量", en="w"))
    both = Dictionary(tables={**small.tables, **large.tables}, codes={})
    assert match(["企业", "值", "量"], dictionary=both).table == "large"


def test_a_blank_header_may_be_a_column() -> None:
    dictionary = table(year=column("year", "", zh="年份", en="year"), v=column(zh="值", en="v"))
    assert match(["", "值", "企业", ""], dictionary=dictionary).columns == ("year", "v", "firm", None)


def test_small_helpers() -> None:
    assert plain(" Ａ_b－c\n*") == "abc"
    assert split_unit("产量(辆)_当月") == ("产量_当月", "辆")
    assert split_unit("烧碱（折100%）产量") == ("烧碱（折100%）产量", None)
    assert is_header(["enterprise_id", "year", "unit"], DICTIONARY) == "enterprise"
    assert is_header(["E1", "2024", "万元"], DICTIONARY) is None
