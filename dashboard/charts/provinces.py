"""The 34 units of the provincial level by their codes (GB/T 2260), and where each lies in a grid of equal tiles.

The places are a choice of layout that keeps neighbours near each other; no boundary is drawn or meant.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.yamlfile import Text


@dataclass(frozen=True, kw_only=True)
class Place:
    """Column and row of a tile, counted from the upper left; the short and the full name."""

    column: int
    row: int
    short: Text
    name: Text


def _read(grid: str) -> dict[str, Place]:
    found = {}
    for line in grid.strip().splitlines():
        code, column, row, short, letters, name, english = (part.strip() for part in line.split("|"))
        found[code] = Place(column=int(column), row=int(row), short=Text(zh=short, en=letters), name=Text(zh=name, en=english))
    return found


#: code, column, row, short name, letters of ISO 3166-2:CN, full names
PLACES = _read("""
110000 | 5 | 1 | 京 | BJ | 北京市 | Beijing
120000 | 6 | 2 | 津 | TJ | 天津市 | Tianjin
130000 | 5 | 2 | 冀 | HE | 河北省 | Hebei
140000 | 4 | 2 | 晋 | SX | 山西省 | Shanxi
150000 | 4 | 1 | 蒙 | NM | 内蒙古自治区 | Inner Mongolia
210000 | 7 | 2 | 辽 | LN | 辽宁省 | Liaoning
220000 | 7 | 1 | 吉 | JL | 吉林省 | Jilin
230000 | 7 | 0 | 黑 | HL | 黑龙江省 | Heilongjiang
310000 | 7 | 4 | 沪 | SH | 上海市 | Shanghai
320000 | 6 | 4 | 苏 | JS | 江苏省 | Jiangsu
330000 | 6 | 5 | 浙 | ZJ | 浙江省 | Zhejiang
340000 | 5 | 4 | 皖 | AH | 安徽省 | Anhui
350000 | 5 | 6 | 闽 | FJ | 福建省 | Fujian
360000 | 5 | 5 | 赣 | JX | 江西省 | Jiangxi
370000 | 5 | 3 | 鲁 | SD | 山东省 | Shandong
410000 | 4 | 3 | 豫 | HA | 河南省 | Henan
420000 | 4 | 4 | 鄂 | HB | 湖北省 | Hubei
430000 | 4 | 5 | 湘 | HN | 湖南省 | Hunan
440000 | 4 | 6 | 粤 | GD | 广东省 | Guangdong
450000 | 3 | 5 | 桂 | GX | 广西壮族自治区 | Guangxi
460000 | 3 | 7 | 琼 | HI | 海南省 | Hainan
500000 | 3 | 3 | 渝 | CQ | 重庆市 | Chongqing
510000 | 2 | 3 | 川 | SC | 四川省 | Sichuan
520000 | 3 | 4 | 黔 | GZ | 贵州省 | Guizhou
530000 | 2 | 4 | 滇 | YN | 云南省 | Yunnan
540000 | 0 | 3 | 藏 | XZ | 西藏自治区 | Tibet
610000 | 3 | 2 | 陕 | SN | 陕西省 | Shaanxi
620000 | 1 | 2 | 甘 | GS | 甘肃省 | Gansu
630000 | 1 | 3 | 青 | QH | 青海省 | Qinghai
640000 | 2 | 2 | 宁 | NX | 宁夏回族自治区 | Ningxia
650000 | 0 | 2 | 新 | XJ | 新疆维吾尔自治区 | Xinjiang
710000 | 7 | 6 | 台 | TW | 台湾省 | Taiwan
810000 | 5 | 7 | 港 | HK | 香港特别行政区 | Hong Kong
820000 | 4 | 7 | 澳 | MO | 澳门特别行政区 | Macao
""")
COLUMNS = 1 + max(place.column for place in PLACES.values())
ROWS = 1 + max(place.row for place in PLACES.values())


def mapped(codes: set[str]) -> bool:
    """Whether all of these are codes of such units, so that they can be laid out."""
    return bool(codes) and codes <= set(PLACES)
