"""Dates, months, years and times as people type them."""

from __future__ import annotations

import polars as pl

from pipelines.reading import Reading
from pipelines.reasons import PLAIN, code

_c = pl.col
_CHINA_HOURS = 8
_FORMS = (
    (r"^([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})(\D|$)", "$1-$2-$3$4"),
    (r"^([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})(\D|$)", "$1-$2-$3$4"),
    (r"^([0-9]{4})\s*年\s*([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*日?", "$1-$2-$3"),
    (r"^([0-9]{4})([0-9]{2})([0-9]{2})$", "$1-$2-$3"),
)
_TIME = r"^[T ]\s*([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(\.[0-9]{1,9})?\s*(Z|[+-][0-9]{2}:?[0-9]{2})?$"


def _say(name: str) -> pl.Expr:
    return pl.lit(code(name), pl.UInt8)


def date(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """The day, as written in its own time zone when a time follows."""
    parts = _parts(frame).with_columns(value=_c("day"))
    timed = (_c("clock") != "") & ~_c("midnight")
    return parts.with_columns(code=_verdict(reading, timed, "time"))


def timestamp(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Date and time of day in China (UTC+8); a time without a zone is taken to be that already."""
    parts = _parts(frame)
    written = pl.concat_str(_c("day").cast(pl.String), pl.lit(" "), _c("hms"))
    clock = written.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    sign = pl.when(_c("zone").str.starts_with("-")).then(-1).otherwise(1)
    digits = _c("zone").str.replace_all(r"[^0-9]", "")
    hours, rest = (digits.str.slice(at, 2).cast(pl.Int32, strict=False) for at in (0, 2))
    minutes = sign * (hours * 60 + rest)
    offset = pl.when(_c("zone").is_null()).then(_CHINA_HOURS * 60).when(_c("zone") == "Z").then(0).otherwise(minutes)
    parts = parts.with_columns(offset=offset)
    shift = pl.duration(minutes=pl.lit(_CHINA_HOURS * 60) - _c("offset"))
    parts = parts.with_columns(value=clock + pl.duration(microseconds=_c("micro")) + shift)
    zoned = _c("offset") != _CHINA_HOURS * 60
    return parts.with_columns(code=_verdict(reading, zoned, "zone"))


def month(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """The first day of the month; a full date passes only when it is that day."""
    t = _c("wide")
    joined = t
    for pattern in (r"^([0-9]{4})([0-9]{2})$", r"^([0-9]{4})\s*[/.年]\s*([0-9]{1,2})\s*月?(?:份)?$"):
        joined = joined.str.replace(pattern, "$1-$2")
    first = joined.str.extract(r"^([0-9]{4}-[0-9]{1,2})$") + "-01"
    frame = _parts(frame).with_columns(first=first.str.to_date("%Y-%m-%d", strict=False))
    value = pl.coalesce(_c("first"), pl.when(_c("day").dt.day() == 1).then(_c("day")))
    found = (
        pl.when(t.str.contains(r"^[0-9]{4}\.1$")).then(_say("month.unclear"))
        .when(t.str.contains(r"^[0-9]{5}(?:\.0+)?$")).then(_say("date.serial"))
        .when(_c("day").is_not_null() & (_c("day").dt.day() != 1)).then(_say("month.day"))
        .when(value.is_null() | ~value.dt.year().is_between(1800, 2200)).then(_say("month.text"))
        .when(value > reading.today).then(_say("future"))
        .when(~t.str.contains(r"^[0-9]{4}-[0-9]{2}(?:-01)?(?:[T ]00:00:00)?$") | (t != _c("raw"))).then(_say("period"))
    )  # fmt: skip
    return frame.with_columns(code=found.otherwise(pl.lit(PLAIN, pl.UInt8))).with_columns(value=value)


def year(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """The year of four digits, with or without 年 or 年度."""
    t = _c("wide")
    value = t.str.extract(r"^([0-9]{4})(?:\.0+|\s*年度?)?$").cast(pl.Int32, strict=False)
    found = (
        pl.when(value.is_null() | ~value.is_between(1800, 2200)).then(_say("year.text"))
        .when(t.str.contains(r"\.0+$")).then(_say("whole"))
        .when(t != _c("raw")).then(_say("width"))
        .when(t.str.contains("年")).then(_say("period"))
    )  # fmt: skip
    return frame.with_columns(code=found.otherwise(pl.lit(PLAIN, pl.UInt8))).with_columns(value=value)


def _parts(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns day (Date), clock (what follows), hms, micro, zone, midnight, iso (written so), code_day (0 or what is wrong)."""
    t = _c("wide")
    joined = t
    for pattern, replacement in _FORMS:
        joined = joined.str.replace(pattern, replacement)
    frame = frame.with_columns(joined=joined).with_columns(
        head=_c("joined").str.extract(r"^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?:$|[T ])"),
        iso=t.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    )
    frame = frame.with_columns(
        day=_c("head").str.to_date("%Y-%m-%d", strict=False),
        clock=_c("joined").str.replace(r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", ""),
    )
    hms = _c("clock").str.extract(_TIME, 1).str.replace(r"^([0-9]{1,2}:[0-9]{2})$", "$1:00")
    frame = frame.with_columns(
        hms=pl.when(_c("clock") == "").then(pl.lit("00:00:00")).otherwise(hms),
        micro=_c("clock").str.extract(_TIME, 2).str.slice(1, 6).str.pad_end(6, "0").cast(pl.Int64, strict=False).fill_null(0),
        zone=_c("clock").str.extract(_TIME, 3),
        midnight=_c("clock").str.contains(r"^[T ]0?0:00(?::00(?:\.0+)?)?$"),
    )
    wrong = (
        pl.when(t.str.contains(r"^[0-9]{5}(?:\.[0-9]+)?$")).then(_say("date.serial"))
        .when(t.str.contains(r"^[0-9]{1,2}[/.\-][0-9]{1,2}[/.\-][0-9]{4}\b")).then(_say("date.order"))
        .when(t.str.contains(r"^[0-9]{1,2}[/.\-年][0-9]{1,2}[/.\-月][0-9]{1,2}日?$")).then(_say("date.short"))
        .when(_c("head").is_null() | ((_c("clock") != "") & _c("hms").is_null())).then(_say("date.text"))
        .when(_c("day").is_null() | ~_c("day").dt.year().is_between(1800, 2200)).then(_say("date.impossible"))
        .when(_c("hms").str.to_time("%H:%M:%S", strict=False).is_null()).then(_say("date.impossible"))
        .otherwise(pl.lit(PLAIN, pl.UInt8))
    )  # fmt: skip
    return frame.with_columns(code_day=wrong).with_columns(day=pl.when(_c("code_day") == PLAIN).then(_c("day")))


def _verdict(reading: Reading, changed: pl.Expr, change: str) -> pl.Expr:
    """What is wrong with the day, or that it lies ahead, or how it was changed."""
    other_form = ~_c("iso") | (_c("wide") != _c("raw"))
    return (
        pl.when(_c("code_day") != PLAIN).then(_c("code_day"))
        .when(_c("day") > reading.today).then(_say("future"))
        .when(changed).then(_say(change))
        .when(other_form).then(_say("date"))
        .otherwise(pl.lit(PLAIN, pl.UInt8))
    )  # fmt: skip
