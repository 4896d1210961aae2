"""Why a cell was not taken as it stood: one number per reason, and the words for it in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipelines.yamlfile import Text

Kind = Literal["normalised", "review", "fault"]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """What is said of a cell. A fault's words follow the value ("1.234,5 …"); `rule` is the part after the column's name."""

    code: int
    kind: Kind
    rule: str
    words: Text


#: codes of one byte, so that ten million cells cost ten megabytes: 0 taken as written, then notes, reviews, faults
PLAIN, FIRST_REVIEW, FIRST_FAULT = 0, 64, 100

_NORMALISED: dict[str, tuple[str, str]] = {
    "missing": ("按约定的缺失标记读作空值", "is an agreed word for a missing answer and was read as blank"),
    "width": ("全角或变体字符已转为普通字符", "had full-width or variant characters, read as plain ones"),
    "spaces": ("首尾空白已去除", "had blanks, tabs or line breaks around it, which were removed"),
    "nfc": ("已转为统一的 Unicode 组合形式（NFC）", "was written in another Unicode form and was brought to NFC"),
    "thousands": ("已去除千位分隔符", "had thousands separators, which were removed"),
    "minus": ("按负号读取", "had another sign for minus and was read as negative"),
    "brackets": ("括号按负数读取", "stood in brackets and was read as negative"),
    "plus": ("已去除正号", "had a plus sign, which was removed"),
    "percent": ("百分数或千分数已换算为小数", "was written with % or ‰ and is stored as a fraction"),
    "whole": ("带小数零的整数按整数读取", "was a whole number written with decimals"),
    "suffix": ("数值后带有单位，已按其换算为 {unit}", "carried its unit, from which it was converted into {unit}"),
    "unit": ("已按所填单位换算为 {unit}", "was converted into {unit} from the unit stated in the row"),
    "word": ("已转为规定的取值", "was a word for a value of the dictionary and was stored as that value"),
    "date": ("日期已转为 ISO 形式", "was a date in another form and was stored as ISO"),
    "time": ("时间部分已略去", "had a time of day, which was left out"),
    "zone": ("已按所写时区换算为北京时间", "had a time zone and was converted to China time"),
    "period": ("期别已转为统一形式", "was a period in another form"),
}
_REVIEW: dict[str, tuple[str, str, str]] = {
    "future": ("future", "晚于今天，请核实", "lies in the future; please verify"),
    "checksum": (
        "checksum",
        "的统一社会信用代码校验位不符（GB 32100），请核实",
        "has a wrong check character for GB 32100; please verify",
    ),
}
_FAULTS: dict[str, tuple[str, str, str]] = {
    "number.text": ("number", "不是数字，应形如 1234.5", "is not a number; write digits such as 1234.5"),
    "number.error": (
        "number",
        "是电子表格的错误值，请改正公式或填写数字",
        "is an error of the spreadsheet; mend the formula or write the number",
    ),
    "number.words": ("number", "是汉字数字，请用阿拉伯数字填写", "is written in words; write it in digits"),
    "number.base": (
        "number",
        "是十六进制、八进制或带下划线的写法，请写普通十进制数",
        "is written as in a program (hexadecimal, octal or with _); write a plain decimal number",
    ),
    "number.zero": (
        "number",
        "以 0 开头，像代码而不像数字，请写普通十进制数",
        "begins with 0 like a code; write a plain decimal number",
    ),
    "number.infinite": (
        "number",
        "不是有限的数字，请填写数字或留空",
        "is not a finite number; write the number or leave it blank",
    ),
    "number.comma": (
        "number",
        "中的逗号既可能是小数点也可能是千位分隔符；请写成 1,234.5 或 1234.5",
        "has a comma that may be a decimal sign or a separator; write 1,234.5 or 1234.5",
    ),
    "number.separator": (
        "number",
        "含有空格、撇号或多个小数点，无法确定数值；请写成 1,234.5 或 1234.5",
        "has separators that cannot be read with certainty; write 1,234.5 or 1234.5",
    ),
    "number.scientific": (
        "number",
        "是科学计数法，对计数不明确；请写出全部数字",
        "is in scientific notation, which is unclear for a count; write all digits",
    ),
    "number.plus": (
        "number",
        "带正号，像增量而不像计数；请只写数字",
        "has a plus sign like a change, not a count; write the digits only",
    ),
    "number.percent": (
        "number",
        "是百分数，而本列不是比率；请填写数值",
        "is a percentage, but this column is no rate; write the quantity",
    ),
    "number.unit": (
        "unit",
        "后的单位无法换算为 {unit}；请按 {unit} 填写",
        "has a unit that cannot be converted into {unit}; write it in {unit}",
    ),
    "number.suffix": (
        "number",
        "后有单位或文字，而本列未规定单位；请只写数字",
        "is followed by a unit or a word, but this column has no unit; write the number only",
    ),
    "number.range": ("number", "超出可存储的范围", "is too large to be stored"),
    "integer": ("integer", "不是整数", "is not a whole number"),
    "rate.unclear": (
        "rate",
        "没有百分号，无法确定是小数还是百分数；请写成 62%",
        "has no percent sign, so it may be a fraction or a percentage; write it like 62%",
    ),
    "rate.scale": (
        "rate",
        "超出小数形式比率的范围（上限 {limit}）；若为百分数请带百分号，如 62%",
        "is out of scale for a rate written as a fraction (at most {limit}); if it is a percentage write it like 62%",
    ),
    "boolean": ("boolean", "不是是非值；请填写 是 或 否", "is neither yes nor no; write 是 or 否 (yes or no)"),
    "boolean.missing": (
        "boolean",
        "既可表示否也可表示缺失；请填写 是 或 否，或留空",
        "may mean no or no answer; write yes or no, or leave it blank",
    ),
    "code": ("code", "不在代码表“{codes}”中{near_zh}", "is not in the code list “{codes}”{near_en}"),
    "unit.unknown": (
        "unit",
        "不是可以换算为 {unit} 的单位；请填写 {unit}",
        "is not a unit that can be converted into {unit}; write {unit}",
    ),
    "date.text": ("date", "不是日期；请写成 2025-03-01", "is not a date; write it like 2025-03-01"),
    "date.serial": (
        "date",
        "像电子表格的日期序号，换算结果取决于日期系统；请写成 2025-03-01",
        "looks like the serial number of a spreadsheet date, whose meaning depends on the program; write it like 2025-03-01",
    ),
    "date.order": ("date", "的日与月顺序不明；请写成 2025-03-01", "may be day-month or month-day; write it like 2025-03-01"),
    "date.short": ("date", "的年份只有两位；请写成 2025-03-01", "has a year of two digits; write it like 2025-03-01"),
    "date.impossible": ("date", "是不存在的日期", "is a date that does not exist"),
    "month.text": ("month", "不是月份；请写成 2026-03", "is not a month; write it like 2026-03"),
    "month.unclear": ("month", "可能是 1 月也可能是 10 月；请写成 2026-03", "may be January or October; write it like 2026-03"),
    "month.day": ("month", "是某一天，不是月份；请写成 2026-03", "is a day, not a month; write it like 2026-03"),
    "year.text": ("year", "不是四位年份；请写成 2026", "is not a year of four digits; write it like 2026"),
    "text.control": (
        "text",
        "含有控制字符或改变显示方向的字符；请删除后重报",
        "contains control or direction-changing characters; remove them",
    ),
    "text.lost": (
        "text",
        "含有无法还原的字符（�），原文已损坏；请重新导出",
        "contains characters that were lost earlier (�); export it anew",
    ),
    "identifier.scientific": (
        "identifier",
        "被表格程序改成了科学计数法，末位数字已丢失；请以文本形式重填",
        "was turned into scientific notation by a spreadsheet and its last digits are lost; enter it again as text",
    ),
    "identifier.decimal": (
        "identifier",
        "像被程序改写成小数的编号；请以文本形式重填",
        "looks like an identifier that a program rewrote as a number; enter it again as text",
    ),
    "identifier.space": ("identifier", "中间含有空白；请删除", "has a blank inside; remove it"),
}


def _table() -> dict[str, Reason]:
    found: dict[str, Reason] = {}
    for code, (name, (zh, en)) in enumerate(_NORMALISED.items(), 1):
        found[name] = Reason(code=code, kind="normalised", rule=name, words=Text(zh=zh, en=en))
    for code, (name, (rule, zh, en)) in enumerate(_REVIEW.items(), FIRST_REVIEW):
        found[name] = Reason(code=code, kind="review", rule=rule, words=Text(zh=zh, en=en))
    for code, (name, (rule, zh, en)) in enumerate(_FAULTS.items(), FIRST_FAULT):
        found[name] = Reason(code=code, kind="fault", rule=rule, words=Text(zh=zh, en=en))
    return found


REASONS = _table()
BY_CODE = {reason.code: reason for reason in REASONS.values()}


def code(name: str) -> int:
    """The number of the reason called `name`."""
    return REASONS[name].code
