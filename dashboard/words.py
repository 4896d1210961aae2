"""The words of the app in both languages, from words/zh.yaml and words/en.yaml, which have the same keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, cast

from indicators.catalogue.periods import Language
from pipelines.yamlfile import read_yaml

LANGUAGES: Final = ("zh", "en")
FOLDER = Path(__file__).parent / "words"


@dataclass(frozen=True, kw_only=True)
class Words:
    """One language. Called with a key and the values of its blanks, it gives the words."""

    language: Language
    entries: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """Raises KeyError for a key or a blank that is not there: that is a mistake in the program."""
        return self.entries[key].format(**values) if values else self.entries[key]


@cache
def words(language: str) -> Words:
    """The words of `language`; Chinese for any but English. Raises PlanFaults when the file is not strict YAML."""
    known = cast(Language, language if language in LANGUAGES else "zh")
    return Words(language=known, entries=read_yaml(FOLDER / f"{known}.yaml").data)


def spoken(locale: str | None) -> Language:
    """The language for a browser's locale: Chinese for zh-*, English for the others, Chinese when it says nothing."""
    return "zh" if locale is None or locale.lower().startswith("zh") else "en"
