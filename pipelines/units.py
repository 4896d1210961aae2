"""Units as people write them: which family one belongs to, and the exact factor between two of a family."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

#: numerals that stand before a unit in Chinese forms, and what they multiply by
_PREFIXES = {
    "": 1, "十": 10, "百": 10**2, "千": 10**3, "万": 10**4, "十万": 10**5, "百万": 10**6, "千万": 10**7,
    "亿": 10**8, "十亿": 10**9, "百亿": 10**10, "千亿": 10**11, "万亿": 10**12,
}  # fmt: skip
#: words for the same unit; the first is the one that is kept. Months and days are different families: no fixed factor exists
_WORDS: tuple[tuple[str, ...], ...] = (
    ("元", "圆", "人民币", "人民币元", "元人民币", "rmb", "cny", "yuan"),
    ("辆", "辆车", "vehicle", "vehicles"),
    ("人", "名", "person", "persons", "people", "employees"),
    ("家", "户", "enterprise", "enterprises", "firms"),
    ("个", "项", "道", "item", "items"),
    ("台", "台套", "台/套", "套", "unit", "units", "set", "sets"),
    ("天", "日", "自然日", "day", "days"),
    ("月", "个月", "month", "months"),
    ("年", "year", "years"),
    ("小时", "时", "hour", "hours", "h"),
    ("吨", "t", "tonne", "tonnes", "ton", "tons"),
    ("千瓦时", "度", "kwh"),
    ("%", "percent", "百分比", "per cent", "pct"),
    ("‰", "permille", "per mille", "千分比"),
    ("分", "point", "points", "score"),
    ("件", "piece", "pieces"),
    ("eur", "euro", "euros", "欧元"),
    ("usd", "美元", "dollar", "dollars"),
)
#: what messages in English call them; every such name is understood in a file as well
_SPOKEN = {
    "元": "yuan", "辆": "vehicles", "人": "persons", "家": "enterprises", "个": "items", "台": "units", "天": "days",
    "月": "months", "年": "years", "小时": "hours", "吨": "tonnes", "千瓦时": "kWh", "分": "points", "件": "pieces",
    "eur": "euros", "usd": "dollars",
}  # fmt: skip
_SPOKEN_SCALES = {1: "", 10**3: "thousand ", 10**4: "10 thousand ", 10**6: "million ", 10**8: "100 million ", 10**9: "billion "}
_CANONICAL = {word: words[0] for words in _WORDS for word in words}
_ENGLISH = (
    (r"(?:100|hundred) million ", 10**8), (r"(?:billion|bn) ", 10**9), (r"(?:million|mn) ", 10**6),
    (r"(?:(?:10|ten) thousand|10k|10,?000) ", 10**4), (r"(?:thousand|1,?000|k) ", 10**3),
)  # fmt: skip
_PREFIXED = re.compile(rf"({'|'.join(sorted(_PREFIXES, key=len, reverse=True))})(.+)")


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit: `base` names its family, `scale` how many of the base one of it is, `text` how it is written here."""

    base: str
    scale: int
    text: str


@lru_cache(maxsize=1024)
def unit(text: str) -> Unit | None:
    """The unit that `text` names (万元, 百万元, "10 thousand yuan", 辆, %, …), or None when it is none of those known here."""
    word = " ".join(unicodedata.normalize("NFKC", text).casefold().split()).removeprefix("单位:").removeprefix("unit:").strip()
    if word in _CANONICAL:
        return Unit(base=_CANONICAL[word], scale=1, text=_CANONICAL[word])
    for pattern, scale in _ENGLISH:
        if (match := re.match(pattern, word)) and word[match.end() :] in _CANONICAL:
            return _scaled(_CANONICAL[word[match.end() :]], scale)
    match = _PREFIXED.fullmatch(word.replace(" ", ""))
    if match and match[2] in _CANONICAL and match[1]:
        return _scaled(_CANONICAL[match[2]], _PREFIXES[match[1]])
    return None


def factor(found: str, wanted: str) -> Fraction | None:
    """What a value in `found` is multiplied by to be in `wanted`; None when the two do not belong together."""
    if " ".join(found.split()).casefold() == " ".join(wanted.split()).casefold():
        return Fraction(1)
    one, other = unit(found), unit(wanted)
    if one is None or other is None or one.base != other.base:
        return None
    return Fraction(one.scale, other.scale)


def english(text: str) -> str:
    """The English name of a unit (10 thousand yuan for 万元, items for 道), or the text itself when it has none."""
    known = unit(text)
    if known is None or known.base not in _SPOKEN or known.scale not in _SPOKEN_SCALES:
        return text
    return _SPOKEN_SCALES[known.scale] + _SPOKEN[known.base]


def related(wanted: str) -> dict[str, Fraction]:
    """Every unit of the family of `wanted` as it is written here, with its factor; `wanted` itself always among them."""
    known = unit(wanted)
    if known is None:
        return {wanted: Fraction(1)}
    return {prefix + known.base: Fraction(scale, known.scale) for prefix, scale in _PREFIXES.items()} | {wanted: Fraction(1)}


def _scaled(base: str, scale: int) -> Unit:
    prefix = next(word for word, value in _PREFIXES.items() if value == scale)
    return Unit(base=base, scale=scale, text=prefix + base)
