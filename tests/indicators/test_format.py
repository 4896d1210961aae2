"""Numbers as each language writes them."""

from __future__ import annotations

import pytest

from indicators.catalogue import format
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.periods import Language
from indicators.catalogue.plan import Plan, Unit
from pipelines.yamlfile import Text

PERCENT = Unit(
    name=Text(zh="百分比", en="per cent"),
    symbol=Text(zh="%", en="%"),
    factor=100,
    decimals=1,
    difference=Text(zh="个百分点", en="pp"),
)
COUNT = Unit(name=Text(zh="家", en="enterprises"), symbol=Text(zh="家", en="enterprises"), decimals=0)
MONEY = Unit(name=Text(zh="万元", en="10,000 yuan"), symbol=Text(zh="万元", en="10,000 yuan"), decimals=1)
DAYS = Unit(name=Text(zh="天", en="days"), symbol=Text(zh="天", en="days"), decimals=0)


@pytest.mark.parametrize(
    ("value", "unit", "language", "told"),
    [
        (0.662, PERCENT, "zh", "66.2%"),
        (0.662, PERCENT, "en", "66.2%"),
        (0.6625, PERCENT, "zh", "66.3%"),  # half up: 66.25 is 66.3, where binary rounding gives 66.2
        (0.66249, PERCENT, "zh", "66.2%"),
        (1.005, PERCENT, "en", "100.5%"),
        (-0.0625, PERCENT, "en", "−6.3%"),  # away from zero on both sides
        (-0.0001, PERCENT, "en", "0.0%"),  # no negative zero
        (21, COUNT, "zh", "21家"),
        (21, COUNT, "en", "21 enterprises"),
        (6909, COUNT, "zh", "6,909家"),
        (123_456, COUNT, "zh", "12.3万家"),
        (123_456, COUNT, "en", "123,456 enterprises"),
        (234_500_000, COUNT, "zh", "2.3亿家"),
        (45.2, MONEY, "zh", "45.2万元"),
        (12_345, MONEY, "zh", "1.2亿元"),  # 12 345 万元 are 1.2345 亿元
        (12_345, MONEY, "en", "12,345.0 (10,000 yuan)"),
    ],
)
def test_number(value: float, unit: Unit, language: Language, told: str) -> None:
    assert format.number(value, unit, language) == told


def test_a_number_does_not_round_onto_the_bound_it_misses() -> None:
    assert format.number(0.94996, PERCENT, "zh") == "95.0%"
    assert format.number(0.94996, PERCENT, "zh", beside=0.95) == "94.996%"
    assert format.number(0.9496, PERCENT, "zh", beside=0.95) == "94.96%"
    assert format.number(0.95, PERCENT, "zh", beside=0.95) == "95.0%"
    assert format.number(24 / 30 - 1, PERCENT, "en", beside=-0.2) == "−20.0%"  # the same but for the last bit


def test_numbers_in_hundred_millions_look_different_too() -> None:
    """What is written as 1.2亿元 is told from its neighbour in that scale, not in that of the unit."""
    one, other = 12_345.6, 12_345.7
    assert format.number(one, MONEY, "zh") == format.number(other, MONEY, "zh") == "1.2亿元"
    assert format.number(one, MONEY, "zh", beside=other) == "1.23456亿元"
    assert format.number(other, MONEY, "zh", beside=one) == "1.23457亿元"


@pytest.mark.parametrize(
    ("value", "language", "told"),
    [(0.0392, "zh", "3.9个百分点"), (0.0392, "en", "3.9 pp"), (0.00004, "en", "0.004 pp"), (0.0, "zh", "0.0个百分点")],
)
def test_difference(value: float, language: Language, told: str) -> None:
    assert format.difference(value, PERCENT, language) == told


def test_a_difference_of_units_without_a_word_of_its_own_keeps_the_symbol() -> None:
    assert format.difference(2, COUNT, "zh") == "2家"
    assert format.difference(2, COUNT, "en") == "2 enterprises"


def test_sign() -> None:
    assert format.number(0.04, PERCENT, "en", signed=True) == "+4.0%"
    assert format.number(0.0, PERCENT, "en", signed=True) == "0.0%"


@pytest.mark.parametrize(
    ("operator", "value", "unit", "language", "signed", "told"),
    [
        (">", 0.95, PERCENT, "zh", False, "> 95%"),
        ("<=", -0.2, PERCENT, "en", True, "≤ −20%"),
        (">=", 0.1, PERCENT, "en", True, "≥ +10%"),
        (">=", 20, COUNT, "zh", False, "≥ 20家"),
        (">=", 0.125, PERCENT, "zh", False, "≥ 12.5%"),
    ],
)
def test_bound(operator: str, value: float, unit: Unit, language: Language, signed: bool, told: str) -> None:
    assert format.bound(operator, value, unit, language, signed=signed) == told


def test_interval_and_margin() -> None:
    assert format.interval(0.6525, 0.669, PERCENT, "zh") == "65.3%至66.9%"
    assert format.interval(-0.09, -0.032, PERCENT, "en", signed=True) == "−9.0% to −3.2%"
    assert format.interval(None, None, PERCENT, "zh") is None
    assert format.interval(49.1, 50.2, MONEY, "en") == "49.1 to 50.2 (10,000 yuan)"
    assert format.margin(0.6525, 0.669, PERCENT, "zh") == "± 0.8"
    assert format.margin(None, 0.669, PERCENT, "zh") is None


def test_a_margin_stands_in_the_scale_of_its_value() -> None:
    assert format.number(20_000, MONEY, "zh") == "2.0亿元"
    assert format.margin(19_000, 21_000, MONEY, "zh") == "± 0.1"


def test_what_a_table_shows_is_what_the_words_show() -> None:
    assert format.shown(0.6625, PERCENT) == 66.3
    assert format.shown(None, PERCENT) is None
    assert format.plain(0.6625, PERCENT) == "66.3"
    assert format.shown(28.5, DAYS) == 29.0


def test_the_error_beside_a_value_shows_when_the_value_is_not_in_the_middle() -> None:
    assert format.around(0.66, 0.64, 0.68, PERCENT, "zh") == "± 2.0"
    assert format.around(-0.071, -0.0714, 0.0, PERCENT, "zh") == "[−7.1, 0.0]"
    assert format.around(0.66, None, None, PERCENT, "zh") is None


# --- a difference of shares is in percentage points ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan(AUTOMOTIVE)


@pytest.mark.parametrize(
    ("indicator", "language", "told"),
    [
        ("nc_rate_change", "zh", "+4.0个百分点"),
        ("nc_rate_change", "en", "+4.0 pp"),
        ("rd_tool_rate_change", "en", "+4.0 pp"),
        ("nc_rate", "en", "+4.0%"),
        ("labour_productivity_change", "zh", "+4.0%"),  # relative: a change of 4 per cent
        ("parts_digital_level_change", "zh", "0.0分"),
    ],
)
def test_the_unit_of_a_difference(indicator: str, language: Language, told: str, plan: Plan) -> None:
    assert format.number(0.04, format.unit_of(plan, indicator), language, signed=True) == told


def test_the_interval_of_a_difference_of_shares(plan: Plan) -> None:
    unit = format.unit_of(plan, "nc_rate_change")
    assert format.interval(0.021, 0.059, unit, "zh", signed=True) == "+2.1个百分点至+5.9个百分点"
    assert format.interval(0.021, 0.059, unit, "en", signed=True) == "+2.1 pp to +5.9 pp"
    assert format.margin(0.021, 0.059, unit, "en") == "± 1.9"
    assert format.bound(">=", 0.05, unit, "en", signed=True) == "≥ +5 pp"
    assert not unit.bounded
