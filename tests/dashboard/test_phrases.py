"""Sentences about a number."""

from __future__ import annotations

import pytest

from dashboard.wording import phrases
from dashboard.words import words
from indicators.editions.results import RELEASES, REVIEWS
from tests.dashboard.test_headline import result


def test_how_far_a_number_can_be_relied_on() -> None:
    row = result(quality="presentable", response_rate=0.8437, imputed_share=0.0004, review="few_degrees", release="provisional")
    told = phrases.assurance(row, words("en"))
    assert told == "presentable · response 84% · < 0.1% imputed · to review: few degrees of freedom · provisional"
    assert "答复率84% · 插补占< 0.1%" in phrases.assurance(row, words("zh"))


def test_nothing_imputed_and_nothing_known_is_not_said() -> None:
    assert phrases.assurance(result(quality=None, imputed_share=0.0), words("en")) == ""


@pytest.mark.parametrize(("significant", "told"), [(True, "differs from zero beyond error"), (False, "within error of zero")])
def test_a_change_says_whether_it_is_beyond_its_error(significant: bool, told: str) -> None:
    assert phrases.assurance(result(quality=None, significant=significant), words("en")) == told


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_reason_and_release_has_words(language: str) -> None:
    for reason in REVIEWS:
        assert phrases.assurance(result(quality=None, review=reason), words(language)) == words(language)(f"review.{reason}")
    for release in RELEASES:
        assert phrases.assurance(result(quality=None, release=release), words(language)) == words(language)(f"release.{release}")


def test_the_short_form_keeps_to_letter_response_and_what_was_imputed() -> None:
    row = result(quality="B", response_rate=0.5, imputed_share=0.25, review="imputed", release="final")
    assert phrases.assurance(row, words("en"), short=True) == "B · response 50% · 25.0% imputed"
