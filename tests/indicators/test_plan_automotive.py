"""The automotive plan against the law: identity, targets and how they are read, actions, tasks, code lists, references."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Target
from indicators.targets.target import gap, verdict

PLAN = load_plan(AUTOMOTIVE)
TARGETS = {target.id: (indicator, target) for indicator in PLAN.indicators.values() for target in indicator.targets}

#: plan §1 and §2(6) task 15, as issued
GOALS = (
    "到2027年，整车标杆企业智能制造能力成熟度等级提升一档，零部件企业数字化水平显著提升，研发设计工具普及率超95%，"
    "关键工序数控化率超70%；行业全员劳动生产率较2025年提升10%，产品研发周期及交付周期缩短20%；打造可复制推广的智能工厂样板，"
    "培育20家以上行业智能制造系统解决方案供应商；形成适合产业特征、国际先进的数字化转型和智能制造标准体系、技术供给体系与人才培训体系。"
    "到2030年，行业整体数智化发展达到较高水平，数字化与业务深度融合；大中小各类企业数字化协调发展，供应商体系不断健全；"
    "基本建成匹配行业发展水平的数字化公共服务体系，支撑保障水平大幅提升。"
)
DATA_SECURITY = "基本实现规模以上汽车工业企业重要数据识别和目录备案、数据分级保护、风险评估全覆盖"

#: id -> indicator, year, operator, value, basis, base year, reading
REGISTER = {
    "T1": ("maturity_step", 2027, ">=", 1.0, "step", "2025", "inclusive"),
    "T2": ("parts_digital_level", 2027, None, None, "level", None, "qualitative"),
    "T3": ("rd_tool_rate", 2027, ">", 0.95, "level", None, "strict"),
    "T4": ("nc_rate", 2027, ">", 0.70, "level", None, "strict"),
    "T5": ("labour_productivity_change", 2027, ">=", 0.10, "change", "2025", "inclusive"),
    "T6": ("rd_cycle_change", 2027, "<=", -0.20, "change", "2025", "inclusive"),
    "T7": ("delivery_cycle_change", 2027, "<=", -0.20, "change", "2025", "inclusive"),
    "T8": ("solution_providers", 2027, ">=", 20, "count", None, "inclusive"),
    "T10a": ("data_catalogue_rate", None, ">=", 1.0, "coverage", None, "inclusive"),
    "T10b": ("tiered_protection_rate", None, ">=", 1.0, "coverage", None, "inclusive"),
    "T10c": ("risk_assessment_rate", None, ">=", 1.0, "coverage", None, "inclusive"),
}

ACTIONS = {
    "诊断评估与改进提升行动": ["完善诊断评估体系", "推动企业开展自评与诊断", "加强行业内外交流与经验推广"],
    "汽车零部件中小企业数字化转型赋能行动": [
        "梯次推进零部件中小企业数字化转型",
        "引导工业互联网深度应用",
        "推动产业链供应链数字化协同升级",
    ],
    "典型场景与人工智能应用示范行动": ["精准培育行业典型场景与解决方案", "加速关键环节人工智能应用拓展"],
    "产业主体梯度培育与矩阵构建行动": ["持续开展智能工厂梯度培育和推广", "构建汽车行业专业化服务商资源矩阵"],
    "标准体系完善与互联互通保障行动": ["加强标准体系建设和关键标准研制", "标准化保障数据互联互通"],
    "关键技术攻关与基础能力强化行动": [
        "加强关键技术产品攻关",
        "强化专用算力及先进通信基础能力建设",
        "完善数据安全保护体系与技术能力",
    ],
}


def target(name: str) -> Target:
    return TARGETS[name][1]


def test_identity() -> None:
    identity = PLAN.identity
    assert identity.name.zh == "汽车行业数字化转型实施方案"
    assert [issuer.zh for issuer in identity.issuers] == ["工业和信息化部", "教育部", "市场监管总局", "国家数据局"]
    assert identity.issued == "2025-12-29"
    assert str(identity.document).startswith("https://www.miit.gov.cn/")
    assert identity.description is not None
    assert "content_7053271.htm" in identity.description.zh
    assert (identity.base_period, identity.target_year) == ("2025", 2027)


@pytest.mark.parametrize("name", REGISTER)
def test_targets_of_the_register(name: str) -> None:
    indicator, found = TARGETS[name]
    row = (indicator.id, found.year, found.operator, found.value, found.basis, found.base_period, found.reading)
    assert row == REGISTER[name]
    assert found.scope == "all"
    assert indicator.targets[0] is found


def test_all_ten_targets_are_there_and_each_once() -> None:
    names = [found.id for indicator in PLAN.indicators.values() for found in indicator.targets]
    assert len(names) == len(set(names))
    readings = {found.id: found.reading_of for one in PLAN.indicators.values() for found in one.targets if found.reading_of}
    assert readings == {"T3_parts": "T3", "T4_parts": "T4", "T4_pooled": "T4", "T5_double": "T5"}
    assert set(names) == {*REGISTER, *readings}
    goals = {goal.id: goal for goal in PLAN.identity.goals}
    assert goals["T9"].year == 2027
    assert sum(goal.year == 2030 for goal in goals.values()) == 3


def test_the_overview_holds_every_numbered_target_in_the_order_of_the_sentence() -> None:
    assert PLAN.identity.headline == [REGISTER[name][0] for name in REGISTER]


@pytest.mark.parametrize("name", TARGETS)
def test_sentences_are_the_words_of_the_law(name: str) -> None:
    sentence = target(name).sentence
    assert sentence is not None
    law = DATA_SECURITY if name.startswith("T10") else GOALS
    place = 0
    for piece in sentence.zh.split("……"):
        assert piece.rstrip("，。") in law[place:]
        place = law.index(piece.rstrip("，。"), place)


@pytest.mark.parametrize("goal", PLAN.identity.goals, ids=lambda goal: goal.id)
def test_goals_are_the_words_of_the_law(goal) -> None:
    for piece in goal.sentence.zh.split("……"):
        assert piece.rstrip("，。") in GOALS


def test_the_other_reading_of_the_scope_stands_beside_the_headline() -> None:
    for name in ("T3", "T4"):
        other = target(f"{name}_parts")
        assert other.scope == {"segment_group": "parts"}
        assert (other.operator, other.value, other.year) == (target(name).operator, target(name).value, target(name).year)
    for name in ("T3", "T6", "T7", "T1"):  # what is our reading is said to be one
        assert "读法" in target(name).explanation.zh


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("T3", 0.95, "not_met"),  # 超 excludes the number
        ("T3", 19 / 20, "not_met"),
        ("T3", 0.94996, "not_met"),  # prints 95.0 %
        ("T3", 0.95000001, "met"),
        ("T4", 0.70, "not_met"),
        ("T4", 7 / 10, "not_met"),
        ("T4", 0.701, "met"),
        ("T5", 0.10, "met"),
        ("T5", 132 / 120 - 1, "met"),
        ("T5", 0.0999, "not_met"),
        ("T6", -0.20, "met"),
        ("T6", 24 / 30 - 1, "met"),  # -0.19999999999999996 to a machine
        ("T6", -0.1999, "not_met"),
        ("T6", 0.25, "not_met"),  # longer is not shorter
        ("T7", 400 / 500 - 1, "met"),
        ("T8", 20.0, "met"),  # 以上 includes the number
        ("T8", 19.0, "not_met"),
        ("T1", 1.0, "met"),
        ("T1", 0.99, "not_met"),
        ("T2", 80.0, "undecided"),
        ("T10a", 1.0, "met"),
        ("T10a", 0.97, "not_yet"),  # no date: never late
    ],
)
def test_verdicts_as_the_law_reads(name: str, value: float, expected: str) -> None:
    assert verdict(target(name), value, "2027") == expected
    if target(name).value is not None:
        still = gap(target(name), value)
        assert still >= 0 if expected.startswith("not") else still <= 0


def test_before_the_target_year_nothing_is_missed() -> None:
    assert verdict(target("T4"), 0.6, "2026") == "not_yet"
    assert verdict(target("T8"), 21.0, "2026") == "met"


def test_six_actions_and_fifteen_tasks() -> None:
    actions = PLAN.identity.actions
    assert {action.name.zh: [task.name.zh for task in action.tasks] for action in actions} == ACTIONS
    assert [task.id for action in actions for task in action.tasks] == list(range(1, 16))


def test_segments_are_c36_and_fall_into_vehicles_and_parts() -> None:
    codes = PLAN.dictionary.codes["segment"].codes
    assert list(codes) == ["3611", "3612", "3620", "3630", "3640", "3650", "3660", "3670"]
    assert {code for code, entry in codes.items() if entry.parent == "parts"} == {"3620", "3660", "3670"}
    # the lists written out in checks and formulas are the same division
    parts = "('3620', '3660', '3670')"
    assert parts in str(PLAN.indicators["parts_digital_level"].where)
    assert parts in next(check.that for check in PLAN.dictionary.tables["register"].checks if check.id == "tier_only_for_parts")
    makers = next(c.that for c in PLAN.dictionary.tables["register"].checks if c.id == "benchmark_is_vehicle_maker")
    assert all((f"'{code}'" in makers) == (entry.parent == "vehicle") for code, entry in codes.items())


def test_thirty_one_provinces_in_the_regions_of_the_statistics_bureau() -> None:
    codes = PLAN.dictionary.codes["province"].codes
    assert len(codes) == 31
    assert all(len(code) == 6 and code.endswith("0000") for code in codes)
    regions = [entry.parent for entry in codes.values()]
    assert {name: regions.count(name) for name in PLAN.dictionary.codes["region"].codes} == {
        "east": 10,
        "central": 6,
        "west": 12,
        "northeast": 3,
    }


def test_size_classes_and_tiers() -> None:
    assert list(PLAN.dictionary.codes["size_class"].codes) == ["large", "medium", "small", "micro"]
    assert list(PLAN.dictionary.codes["parts_tier"].codes) == ["micro_small", "provincial", "above_scale", "little_giant"]


def test_breakdowns_and_crossings() -> None:
    assert {"segment_group", "segment", "size_class", "parts_tier", "region", "province"} <= set(PLAN.breakdowns)
    assert PLAN.breakdowns["region"].rollup == "region"
    assert ["segment", "size_class"] in PLAN.crossings


def test_three_ways_of_aggregating_are_kept_apart() -> None:
    mean, pooled = PLAN.indicators["nc_rate"], PLAN.indicators["nc_rate_pooled"]
    assert mean.denominator == 1
    assert pooled.denominator == "key_processes"
    assert pooled.id in mean.companions
    assert PLAN.indicators["rd_tool_rate"].denominator == 1
    assert "output_price" in str(PLAN.indicators["labour_productivity"].numerator)


def test_a_price_index_is_of_a_segment_or_of_the_division_that_stands_in() -> None:
    table, segments = PLAN.dictionary.tables["price_index"], PLAN.dictionary.codes["segment"].codes
    industries = PLAN.dictionary.codes["price_industry"].codes
    assert list(industries) == ["36", *segments]
    assert all(industries[code].name == entry.name for code, entry in segments.items())
    assert {(chain.base, chain.fallback["industry"]) for chain in table.chains.values()} == {(2025, "36")}
    # the division is a series of prices and no segment: nothing is published of it, and no enterprise belongs to it
    assert list(PLAN.categories("segment")) == list(segments)


def test_double_deflation_is_a_test_of_the_headline_and_only_of_segments() -> None:
    double = PLAN.indicators["labour_productivity_double"]
    assert double.breakdowns == ["segment_group", "segment"]
    assert "output_value IS NOT NULL" in str(double.respondents)
    assert target("T5").sensitivity == ["labour_productivity_double_change"]
    change = PLAN.indicators["labour_productivity_change"]
    assert change.change_of == "labour_productivity"
    assert change.decomposition is not None
    assert (change.decomposition.by, change.decomposition.method) == ("segment_group", "bennet")


def test_who_is_in_scope() -> None:
    for name in ("data_catalogue_rate", "tiered_protection_rate", "risk_assessment_rate"):
        assert PLAN.indicators[name].where == "above_scale"
    step = PLAN.indicators["maturity_step"]
    assert step.design is not None
    assert step.design.census
    assert step.panel is not None
    assert step.panel.on == ["enterprise_id", "standard", "edition", "method"]
    assert "benchmark_oem" in str(step.respondents)
    assert "method = 'on_site'" in str(step.respondents), "a maker assessed in two ways counts once"
    assert step.where == "base_level < 5"
    assert step.panel.bridge is not None
    assert step.panel.bridge.edition == "edition"


def test_secrecy() -> None:
    for name, table in PLAN.dictionary.tables.items():
        assert table.public == (name in ("price_index", "providers", "assessment_bridge"))
        if "enterprise_id" in table.columns:
            assert table.columns["enterprise_id"].tier == "important"
    assert not PLAN.dictionary.tables["register"].columns["name"].personal
    assert {column.tier for table in PLAN.dictionary.tables.values() for column in table.columns.values()} == {
        "general",
        "important",
        "core",
    }


@pytest.mark.parametrize("name", PLAN.indicators)
def test_missing_is_not_zero(name: str) -> None:
    """A ratio over answers says which rows are answers, so that a blank is never counted as a no."""
    indicator = PLAN.indicators[name]
    if indicator.kind != "ratio":
        return
    assert "IS NOT NULL" in f"{indicator.respondents} {indicator.where}"


@pytest.mark.parametrize(
    ("reference", "series"),
    [("nc_rate_national", "key_process_nc_rate"), ("rd_tool_rate_national", "rd_tool_popularization_rate")],
)
def test_references_are_the_published_values(reference: str, series: str, shared_data: Path) -> None:
    file = shared_data / "china_targets" / "cn_indicator_observations.csv"
    with file.open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["indicator"] == series]
    published = {(row["date"], round(float(row["value_pct"]) / 100, 6), row["scope"]) for row in rows}
    ours = {(item.date, round(item.value, 6), item.scope.zh) for item in PLAN.references[reference].observations}
    assert published <= ours
    status = {(row["date"], float(row["value_pct"])): row["status"].removeprefix("published_") for row in rows}
    for item in PLAN.references[reference].observations:
        if (key := (item.date, round(item.value * 100, 6))) in status:
            assert item.status == status[key]


def test_the_national_share_of_volunteers_went_up_and_down_and_the_limits_say_why() -> None:
    indicator = PLAN.indicators["maturity_level_4plus"]
    cited = PLAN.references[str(indicator.reference)].observations
    assert [(item.date, item.value) for item in cited] == [("2020", 0.05), ("2021", 0.09), ("2022", 0.04)]
    assert indicator.opt_in
    assert indicator.design is not None and indicator.design.sampled is None, "volunteers are in no sample"
    for words in (indicator.limitations.zh, indicator.limitations.en):  # type: ignore[union-attr]
        assert all(share in words.replace(" ", "") for share in ("5%", "9%", "4%"))


def test_the_conflicting_value_is_recorded_and_explained() -> None:
    year_end = [item for item in PLAN.references["nc_rate_national"].observations if item.date == "2021-12-31"]
    assert {(item.value, item.status) for item in year_end} == {(0.553, "published"), (0.513, "conflict")}
    assert all(item.note for item in year_end)


def test_references_run_over_the_years_that_were_published() -> None:
    for reference in PLAN.references.values():
        years = [item.date[:4] for item in reference.observations]
        assert years == sorted(years)
        span = ("2020", "2022") if reference.id == "maturity_level_4plus_national" else ("2012", "2025")
        assert (years[0], years[-1]) == span
        assert all(item.source for item in reference.observations)
