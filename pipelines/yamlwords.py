"""Plain sentences for what is wrong in a YAML file: what was found, what is expected, what to do."""

from __future__ import annotations

from typing import Any

import yaml

#: what a name in a formula or a file name may look like
IDENTIFIER = r"^[a-z][a-z0-9_]*$"

_FORMS = {r"^\d{4}$": "a year such as 2025", r"^\d{4}(-\d{2}(-\d{2})?)?$": "a date such as 2025, 2025-06 or 2025-06-30"}
_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "`true` or `false`",
    "dict_type": "a mapping of keys",
    "model_type": "a mapping of keys",
    "list_type": "a list",
}
_LIMITS = {"greater_than": "more than", "greater_than_equal": "at least", "less_than": "less than", "less_than_equal": "at most"}
_BOUNDS = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}


class Refused(yaml.constructor.ConstructorError):
    """Something YAML allows and a plan does not; its problem is already a whole sentence."""


def value_sentence(called: str, item: Any) -> str:
    """What is wrong with one value, from an error of the model."""
    kind, value, told = item["type"], item["input"], item.get("ctx", {})
    found = shown(value)
    if kind in _TYPES:
        return type_sentence(called, [kind], value)
    if kind == "literal_error":
        offered = str(told["expected"]).replace("'", "`")
        return f"{called} must be {offered}, found {found}."
    if kind == "string_pattern_mismatch" and told["pattern"] == IDENTIFIER:
        wanted = "small letters, digits and underscores only, and a letter first"
        return f"{called} is a name used in formulas: {wanted} (found {found})."
    if kind == "string_pattern_mismatch":
        return f"{called} must be {_FORMS.get(told['pattern'], told['pattern'])}, found {found}."
    if kind == "string_too_short":
        return f"{called} is empty; write its text."
    if kind == "too_short":
        few = told["min_length"]
        return f"{called} must have at least {few} {'entry' if few == 1 else 'entries'}, found {told['actual_length']}."
    if kind in _LIMITS:
        return f"{called} must be {_LIMITS[kind]} {told[_BOUNDS[kind]]:g}, found {found}."
    if kind == "finite_number":
        return f"{called} must be a finite number, found {found}."
    return f"{called}: {item['msg']} (found {found})."


def type_sentence(called: str, kinds: list[str], value: Any) -> str:
    """What is wrong with a value that is of none of these kinds."""
    wanted = list(dict.fromkeys(_TYPES.get(kind, kind) for kind in kinds))
    if "a number" in wanted and "a whole number" in wanted:
        wanted.remove("a whole number")
    found = shown(value)
    if wanted == ["text"] and isinstance(value, bool):
        return f"{called} must be text; YAML reads this word as {found}. Put it in quotes."
    if wanted == ["text"]:
        return f"{called} must be text, found {found}.{'' if isinstance(value, dict | list | None) else ' Put it in quotes.'}"
    if isinstance(value, str):
        quoted = value.lower() in ("true", "false") if wanted == ["`true` or `false`"] else _number(value)
        fix = " Write it without quotes." if quoted and "mapping" not in wanted[0] and "list" not in wanted[0] else ""
        return f"{called} must be {' or '.join(wanted)}, found the text {found}.{fix}"
    return f"{called} must be {' or '.join(wanted)}, found {found}."


def syntax_sentence(error: yaml.MarkedYAMLError) -> str:
    """What to do about a file that is not YAML."""
    problem, context = error.problem or "", error.context or ""
    if isinstance(error, Refused):
        return f"{problem}."
    opened = f"line {error.context_mark.line + 1}" if error.context_mark else "the file"
    if "'\\t'" in problem:
        return "a tab stands here; indent with spaces."
    if "cannot start any token" in problem:
        return f"text may not begin with {problem.split()[2].replace(chr(39), '`')}; put it in quotes."
    if "unknown escape" in problem:
        return "a backslash stands here in double quotes; use single quotes, or write it twice."
    if "quoted scalar" in context:
        return f"the quote opened in {opened} is not closed; close it."
    if "flow" in context:
        return (
            f"the bracket opened in {opened} is not closed, or a comma is missing before this place; close it or add the comma."
        )
    if "mapping values are not allowed" in problem:
        return "a colon makes a key here, where none may stand; put text that holds a colon in quotes, and indent keys alike."
    if "simple key" in context:
        return f"the key in {opened} has no colon after it; write `key: value`."
    if "block" in context and "<block end>" in problem:
        return "this line does not fit the lines above it; indent it like its neighbours and put a colon after the key."
    if "constructor for the tag" in problem:
        return "a tag with `!` is not allowed here; write the value alone."
    if "single document" in context:
        return "a second document begins here; keep one document in a file and remove the `---`."
    return "YAML cannot be read from here on; look at quotes, brackets, colons and the spaces before the line."


def shown(value: Any) -> str:
    """A value as it is named in a sentence."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    return f"`{str(value).lower() if isinstance(value, bool) else str(value)[:60]}`"


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
