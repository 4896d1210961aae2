"""Words that must not stand in any text any more: identifiers and names of those who are forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

INSTEAD = "forgotten"


class Terms:
    """The words; one that begins or ends with a Latin letter or digit counts only where no further one stands beside it."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = sorted({word for word in words if word.strip()})

    def without(self, text: str) -> str:
        """The text with every such word replaced."""
        return str(self.scrubbed(pl.Series([text]))[0])

    def holds(self, texts: pl.Series) -> pl.Series:
        """Of each text whether it holds one of the words."""
        return (self.scrubbed(texts) != texts).fill_null(False)

    def scrubbed(self, texts: pl.Series) -> pl.Series:
        """The texts with every such word replaced."""
        if not self.words or not (found := texts.str.contains_any(self.words).fill_null(False)).any():
            return texts
        # NOTE: all words are looked for at once, because there may be a hundred thousand; rules of words only where one was found
        held = texts.filter(found).unique()
        words = held.str.extract_many(self.words, overlapping=True)
        known = {text: _replaced(text, some) for text, some in zip(held.to_list(), words.to_list(), strict=True)}
        return texts.replace(known)


def _replaced(text: str, words: Iterable[str]) -> str:
    return re.sub("|".join(_rule(word) for word in sorted(words, key=len, reverse=True)), INSTEAD, text)


def _rule(word: str) -> str:
    before = r"(?<![0-9A-Za-z])" if re.match(r"[0-9A-Za-z]", word) else ""
    after = r"(?![0-9A-Za-z])" if re.search(r"[0-9A-Za-z]$", word) else ""
    return before + re.escape(word) + after
