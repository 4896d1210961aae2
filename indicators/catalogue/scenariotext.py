"""A scenario as text: the short one of a link, and the YAML of a file.

A link reads `T3~size_class.small~to.best_fifth`: parts joined by `~`, first the target, then one move after the other, each the
categories of its breakdowns and where they go; `in.2026` is the period, `others.achieved` what the others do. Only characters
stand in it that an address never changes. No free text does: whoever makes a link must not write on a page of somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml
from pydantic import ValidationError

from indicators.catalogue.scenario import Scenario, ScenarioRefused
from pipelines.yamlfile import Text

#: what a scenario is called that came by a link
UNNAMED = Text(zh="链接中的情景", en="Scenario of a link")
#: browsers take addresses of about twice this length
LONGEST = 1000
_WORDS = ("to", "pace", "among", "others", "in")
_PLAIN = re.compile(r"[A-Za-z0-9_]")
_ESCAPED = re.compile(r"-([0-9a-f]{2})")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?")
_FORM = Text(zh="形如：T3~size_class.small~to.best_fifth。", en="It looks like this: T3~size_class.small~to.best_fifth.")


def to_link(scenario: Scenario) -> str:
    """The scenario without its id, name and description, in letters, digits and `_ - . ~` alone."""
    parts = [_kept(scenario.target)]
    if scenario.period is not None:
        parts.append(f"in.{scenario.period}")
    for move in scenario.moves:
        for name in sorted(move.where):
            codes = move.where[name]
            # a breakdown that is called like a word of a link must not be read as one
            key = f"-{ord(name[0]):02x}{name[1:]}" if name in _WORDS else name
            parts.append(".".join([key, *map(_kept, [codes] if isinstance(codes, str) else codes)]))
        if move.among is not None:
            parts.append(f"among.{move.among}")
        parts.append(f"to.{_value(move.to)}" if move.to is not None else f"pace.{_value(move.pace)}")
    if scenario.others != "stay":
        parts.append(f"others.{scenario.others}")
    return "~".join(parts)


def from_link(text: str) -> Scenario:
    """The scenario of a link, called UNNAMED. Raises ScenarioRefused for a text that is none, whatever it holds."""
    if len(text) > LONGEST:
        raise _refused(f"链接过长（超过{LONGEST}个字符）", f"the link is longer than {LONGEST} characters")
    if not re.fullmatch(r"[A-Za-z0-9_.~-]+", text):
        raise _refused("链接中有不应出现的字符", "the link holds characters that do not belong there")
    target, *parts = text.split("~")
    found: dict[str, object] = {"name": UNNAMED, "target": _read(target)}
    moves: list[dict[str, object]] = []
    where: dict[str, object] = {}
    others: dict[str, object] = {}
    for part in parts:
        name, dot, rest = part.partition(".")
        if not dot or not rest or _key(name) in (where if name not in _WORDS else {**others, **found}):
            raise _refused(f"“{part}”没有取值，或重复出现", f"`{part}` has no value after a dot, or stands there twice")
        if name in ("to", "pace"):
            moves.append({"where": where, name: _number_or_word(rest), **others})
            where, others = {}, {}
        elif name == "among":
            others[name] = rest
        elif name in _WORDS:
            found[_key(name)] = rest
        else:
            codes = [_read(code) for code in rest.split(".")]
            where[_read(name)] = codes[0] if len(codes) == 1 else codes
    if where or others:
        raise _refused("最后的类别没有去处，缺少to或pace", "the last categories go nowhere: `to` or `pace` is missing")
    try:
        return Scenario.model_validate({**found, "moves": moves})
    except ValidationError as error:
        item = error.errors()[0]
        place = ".".join(str(part) for part in item["loc"])
        why = item["msg"].removeprefix("Value error, ") if item["type"] == "value_error" else place
        raise _refused(f"链接不是完整的情景（{place}）", f"the link is no whole scenario ({why})") from None


def to_yaml(scenario: Scenario) -> str:
    """The scenario as the text of a file that `planwatch whatif` and the folder `scenarios` of a plan read back."""
    told = scenario.model_dump(exclude={"id"}, exclude_none=True, exclude_defaults=True)
    readable = "".join(_texts(told)).isprintable()  # signs that break lines come back only when they are escaped
    text: str = yaml.safe_dump(told, allow_unicode=readable, sort_keys=False, width=130)
    return text


def _texts(told: object) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict | list):
        for one in told.values() if isinstance(told, dict) else told:
            yield from _texts(one)


def _key(name: str) -> str:
    """The key of a scenario that a word of a link stands for; a breakdown as it is read."""
    return {"in": "period"}.get(name, name) if name in _WORDS else _read(name)


def _kept(word: str) -> str:
    """Letters, digits and underscores as they are, every other byte as `-` and two hexadecimal digits."""
    return "".join(c if _PLAIN.fullmatch(c) else "".join(f"-{byte:02x}" for byte in c.encode()) for c in word)


def _read(word: str) -> str:
    if not word or "-" in _ESCAPED.sub("", word):
        raise _refused(f"“{word}”无法读取", f"`{word}` cannot be read")
    raw = re.sub(rb"-([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), word.encode())
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise _refused(f"“{word}”无法读取", f"`{word}` cannot be read") from None


def _value(value: float | str | None) -> str:
    return value if isinstance(value, str) else repr(value).replace("+", "")


def _number_or_word(text: str) -> object:
    return float(text) if _NUMBER.fullmatch(text) else text


def _refused(zh: str, en: str) -> ScenarioRefused:
    return ScenarioRefused(Text(zh=f"{zh}。{_FORM.zh}", en=f"{en}. {_FORM.en}"))
