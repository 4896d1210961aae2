"""Invented names of enterprises, in Chinese and English, each marked as invented."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

#: syllable pairs; the number behind the name keeps it unique and plainly made up
FIRST = [
    ("擎", "Qing"), ("驭", "Yu"), ("凌", "Ling"), ("泓", "Hong"), ("曜", "Yao"), ("骐", "Qi"), ("锐", "Rui"), ("翎", "Lin"),
    ("岚", "Lan"), ("澄", "Cheng"), ("砺", "Li"), ("璟", "Jing"), ("铄", "Shuo"), ("柘", "Zhe"), ("沅", "Yuan"), ("嵘", "Rong"),
]  # fmt: skip
SECOND = [
    ("驰", "chi"), ("川", "chuan"), ("岳", "yue"), ("衡", "heng"), ("辰", "chen"), ("启", "qi"), ("拓", "tuo"), ("宁", "ning"),
    ("峰", "feng"), ("原", "yuan"), ("禾", "he"), ("朔", "shuo"), ("屿", "yu"), ("霖", "lin"), ("程", "cheng"), ("坤", "kun"),
]  # fmt: skip

#: what an enterprise of a segment calls its trade
TRADES: dict[str, list[tuple[str, str]]] = {
    "3611": [("汽车制造", "Motor")],
    "3612": [("新能源汽车", "New Energy Vehicle")],
    "3620": [("发动机", "Engine"), ("动力总成", "Powertrain")],
    "3630": [("专用车改装", "Special Vehicle"), ("改装车", "Vehicle Conversion")],
    "3640": [("低速汽车", "Low-Speed Vehicle")],
    "3650": [("电车", "Trolleybus")],
    "3660": [("车身", "Body"), ("挂车", "Trailer")],
    "3670": [
        ("汽车零部件", "Auto Parts"), ("制动系统", "Brake"), ("汽车座椅", "Seat"), ("车灯", "Lighting"), ("线束", "Harness"),
        ("传动系统", "Driveline"), ("精密铸造", "Casting"), ("汽车内饰", "Interior"), ("汽车电控", "Electronics"),
    ],
}  # fmt: skip


def enterprise_names(segment: NDArray[np.str_], language: str, random: np.random.Generator) -> pl.Series:
    """One invented name per enterprise, such as 虚构·擎驰汽车零部件有限公司 0123; unique, in the given order."""
    first = random.integers(0, len(FIRST), len(segment))
    second = random.integers(0, len(SECOND), len(segment))
    trade = random.integers(0, 1_000_000, len(segment))
    side = 0 if language == "zh" else 1
    found = []
    for i, code in enumerate(segment):
        trades = TRADES[str(code)]
        brand = FIRST[first[i]][side] + SECOND[second[i]][side]
        found.append(_name(brand, trades[trade[i] % len(trades)][side], i + 1, language))
    return pl.Series("name", found)


def provider_names(count: int, language: str, random: np.random.Generator) -> list[str]:
    """Invented names of solution providers, unique by their number."""
    side = 0 if language == "zh" else 1
    trade = ("智能系统", "Intelligent Systems")[side]
    picks = random.integers(0, len(FIRST), (count, 2))
    return [_name(FIRST[a][side] + SECOND[b][side], trade, 9001 + i, language) for i, (a, b) in enumerate(picks)]


def _name(brand: str, trade: str, number: int, language: str) -> str:
    if language == "zh":
        return f"虚构·{brand}{trade}有限公司 {number:04d}"
    return f"Fictional {brand} {trade} Co {number:04d}"
