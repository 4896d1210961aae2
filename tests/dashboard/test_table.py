"""Tables on the screen and as files."""

from __future__ import annotations

import io

import polars as pl

from dashboard.lists import explored, table
from dashboard.words import words
from indicators.catalogue.plan import Plan
from tests.dashboard.test_charts import NAMES, withheld
from tests.dashboard.test_headline import result


def test_a_table_shows_the_rounded_numbers_under_translated_headings(plan: Plan) -> None:
    rows = [
        result(category="3611", value=0.6625, response_rate=0.8437, imputed_share=0.0, release="provisional"),
        withheld("suppressed", category="3620"),
    ]
    frame = table.by_category(rows, NAMES, plan.unit("nc_rate"), words("zh"))
    numbers = ["数值（%）", "区间下限", "区间上限", "单位数"]
    assert frame.columns == ["类别", *numbers, "质量", "答复率（%）", "插补（%）", "数据状态", "状态"]
    assert frame["答复率（%）"].to_list() == [84.4, None]
    assert frame["数据状态"].to_list() == ["初步数", None]
    assert frame["数值（%）"].to_list() == [66.3, None]
    assert frame["质量"].to_list() == [words("zh")("quality.A"), None]
    assert frame["状态"].to_list() == ["已公布", "不予公布"]


def test_a_table_of_withheld_rows_keeps_its_types(plan: Plan) -> None:
    frame = table.by_period([withheld("suppressed")], plan.unit("nc_rate"), words("en"))
    assert frame.schema["Value (%)"] == pl.Float64
    assert frame["Period"].to_list() == ["2026"]


def test_a_file_has_a_byte_order_mark_its_metadata_and_stable_codes(plan: Plan) -> None:
    rows = [result(category="3611", value=0.6625, low=0.6, high=0.7), withheld("suppressed", category="3620")]
    frame = explored.of_rows(rows, NAMES, plan.unit("nc_rate"), words("zh"))
    data = table.as_csv(frame, [("定义", "企业数控化\n关键工序数"), ("版本", "第 0001 版")], 1)
    assert data.startswith(b"\xef\xbb\xbf# ")
    text = data.decode("utf-8-sig")
    assert text.splitlines()[:2] == ["# 定义: 企业数控化 关键工序数", "# 版本: 第 0001 版"]
    frame = pl.read_csv(io.BytesIO(data), comment_prefix="#", schema_overrides={"代码": pl.String})
    assert frame["代码"].to_list() == ["3611", "3620"]
    assert frame["数值（%）"].to_list() == [66.3, None]
    assert "66.3,60.0,70.0" in text
