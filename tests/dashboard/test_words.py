"""The words of both languages are the same set, and the app uses exactly these."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

import dashboard
from dashboard.words import spoken, words

ROOM = Path(dashboard.__file__).parent
SPEAKERS = {"words", "told", "spoken"}


def asked() -> tuple[set[str], set[str]]:
    """Keys that the code asks for as they stand, and the beginnings of keys that it puts together."""
    whole: set[str] = set()
    begun: set[str] = set()
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            if (
                isinstance(node, ast.Call)
                and _name(node.func) in SPEAKERS
                and node.args
                and isinstance(node.args[0], ast.JoinedStr)
            ):
                begun.add(ast.unparse(node.args[0]).strip("f'\"").split("{")[0])
    return whole, begun


def called() -> set[str]:
    """Keys that stand in a call of the words."""
    return {
        node.args[0].value
        for path in ROOM.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _name(node.func) in SPEAKERS and node.args
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str) and "." in node.args[0].value
    }


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(words("zh").entries) == list(words("en").entries)


@pytest.mark.parametrize("key", list(words("zh").entries))
def test_both_languages_have_the_same_blanks(key: str) -> None:
    blanks = [
        {name for _, name, _, _ in string.Formatter().parse(words(language).entries[key]) if name} for language in ("zh", "en")
    ]
    assert blanks[0] == blanks[1]


def test_every_key_that_is_asked_for_exists() -> None:
    assert called() - set(words("zh").entries) == set()


def test_every_key_is_used() -> None:
    whole, begun = asked()
    unused = {
        key for key in words("zh").entries if key not in whole and not any(key.startswith(start) for start in begun if start)
    }
    assert unused == set()


def test_an_unknown_key_is_a_mistake_of_the_program() -> None:
    with pytest.raises(KeyError):
        words("zh")("no.such.key")


@pytest.mark.parametrize(("locale", "language"), [("zh-CN", "zh"), ("zh", "zh"), ("en-GB", "en"), ("de", "en"), (None, "zh")])
def test_the_language_of_a_browser(locale: str | None, language: str) -> None:
    assert spoken(locale) == language
