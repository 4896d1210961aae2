"""The frozen base: changes stay on the values of the declared edition, whatever comes in later, and nobody can miss it."""

from __future__ import annotations

import json
import math
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from indicators.editions.edition import MANIFEST, SEAL, Edition, PublishInProgress, _locked, open_edition
from indicators.estimation.disclosure import HIDDEN
from indicators.revisions.frozen import FILE, BaseUnreadable, FreezeRefused, declaration, freeze
from pipelines.durable import sha256
from tests.indicators.office import BRANCHES, POPULATION, Office, answers, firms, jobs, lines, row

REPOSITORY = Path(__file__).parents[2]
REGISTER = firms((2025, 2026))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office in which two years are loaded, and its first edition."""
    folder = tmp_path_factory.mktemp("ready")
    made = Office(folder)
    made.load(firms=REGISTER)
    made.load(answers=answers(REGISTER), jobs=jobs(REGISTER), lines=lines(REGISTER, {2025: 12, 2026: 12}))
    made.publish().close()
    return folder


@pytest.fixture
def office(ready: Path, tmp_path: Path) -> Office:
    """A copy of it that a test may change."""
    return Office(Path(shutil.copytree(ready, tmp_path / "office")))


@pytest.fixture
def first(office: Office) -> Iterator[Edition]:
    with closing(open_edition(office.editions)) as edition:
        yield edition


@pytest.fixture(scope="module")
def frozen(ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Edition, Edition, Edition]]:
    """Edition 1; edition 2, after the base was frozen at 1 and 2025 was corrected; and edition 2 without freezing."""
    with ExitStack() as stack:
        editions = []
        for name in ("frozen", "free"):
            office = Office(Path(shutil.copytree(ready, tmp_path_factory.mktemp(name) / "office")))
            first = stack.enter_context(closing(open_edition(office.editions)))
            if name == "frozen":
                freeze(office.editions, first)
            office.load(answers=corrected(), jobs=slower())
            editions += [first, stack.enter_context(closing(office.publish()))]
        yield editions[0], editions[1], editions[3]


def corrected() -> pl.DataFrame:
    """Answers of 2025 in which the makers of cars turn out to have said too little."""
    base = answers(REGISTER).filter(pl.col("year") == 2025)
    raised = pl.when(pl.col("firm").str.starts_with("cars")).then(pl.col("y") * 1.2).otherwise("y")
    return base.with_columns(y=raised.round(3))


def slower() -> pl.DataFrame:
    """Jobs of 2025 that took ten days longer than was said at first."""
    base = jobs(REGISTER).filter(pl.col("job").str.starts_with("2025"))
    return base.with_columns(ended=pl.col("ended").dt.offset_by("10d"))


# --- the change on the frozen base -----------------------------------------------------------------------------------------


def test_the_frozen_year_is_published_as_it_was_and_is_final(frozen: tuple[Edition, Edition, Edition]) -> None:
    first, second, free = frozen
    of_2025 = "SELECT * EXCLUDE (release) FROM results WHERE period LIKE '2025%' ORDER BY ALL"
    then = first.query(of_2025)
    assert then.equals(second.query(of_2025))
    assert not then.equals(free.query(of_2025)), "the correction did change something"
    assert set(second.query("SELECT release FROM results WHERE period LIKE '2025%'")["release"]) == {"final"}
    assert then.height > 12


@pytest.mark.parametrize("category", ["total", *BRANCHES])
def test_the_change_stays_on_the_frozen_base_and_the_revised_one_stands_beside(
    category: str, frozen: tuple[Edition, Edition, Edition]
) -> None:
    first, second, free = frozen
    years = ("2025", "2026", "2025")
    found = zip(frozen, years, strict=True)
    then, now, revised = (row(edition, "rate", year, category)["value"] for edition, year in found)
    change = row(second, "rate_change", "2026", category)
    assert change["value"] == pytest.approx(now / then - 1, rel=1e-11)
    assert change["value"] == row(first, "rate_change", "2026", category)["value"], "the answers of 2026 are the same"
    beside = second.query("SELECT * FROM decomposition WHERE method = 'revised_base' AND indicator = 'rate_change'")
    beside = beside.filter(pl.col("category") == category)
    if category in ("parts", "bikes"):
        assert beside.is_empty(), "where nothing was revised there is nothing to stand beside"
        return
    [told] = beside.to_dicts()
    assert (told["part"], told["base_period"], told["n"]) == ("change", "2025", change["n"])
    assert told["value"] == pytest.approx(now / revised - 1, rel=1e-11)
    unfrozen = row(free, "rate_change", "2026", category)
    assert (told["value"], told["se"]) == (unfrozen["value"], pytest.approx(unfrozen["se"], rel=1e-12))


def by_hand(values: pl.DataFrame, year: int) -> tuple[float, dict[str, np.ndarray]]:
    """The ratio of a year and, by branch, the linearised values of its firms in their order, from the sums themselves."""
    here = values.filter(pl.col("year") == year).sort("firm")
    weight = POPULATION / 8
    y, x = here["y"].to_numpy(), here["x"].to_numpy()
    ratio = y.sum() / x.sum()
    linear = weight * (y - ratio * x) / (weight * x.sum())
    return ratio, {branch: linear[here["firm"].str.starts_with(branch).to_numpy()] for branch in BRANCHES}


def covariance(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    """All eight answered both times: the formula of a variance, with the products of the two years (Tam 1984)."""
    return sum(8 * (1 - 8 / POPULATION) * float(np.cov(one[b], other[b])[0, 1]) for b in BRANCHES)


def test_the_error_is_of_the_frozen_base_and_the_covariance_of_the_data_today(frozen: tuple[Edition, Edition, Edition]) -> None:
    second = frozen[1]
    said, again = answers(REGISTER), corrected()
    ratio0, linear0 = by_hand(said, 2025)
    ratio1, linear1 = by_hand(said, 2026)
    _, today0 = by_hand(again, 2025)
    assert row(second, "rate", "2025")["se"] == pytest.approx(math.sqrt(covariance(linear0, linear0)), rel=1e-9)
    variance = (
        covariance(linear1, linear1) / ratio1**2
        + covariance(linear0, linear0) / ratio0**2
        - 2 * covariance(today0, linear1) / (ratio0 * ratio1)
    )
    change = row(second, "rate_change", "2026")
    assert change["se"] == pytest.approx(ratio1 / ratio0 * math.sqrt(variance), rel=1e-9)
    assert covariance(today0, linear1) != pytest.approx(covariance(linear0, linear1), rel=1e-3), "today's is another one"


def test_a_duration_is_held_against_the_frozen_median_and_keeps_its_relative_error(
    frozen: tuple[Edition, Edition, Edition],
) -> None:
    first, second, free = frozen
    then, today = row(first, "wait", "2025")["value"], row(free, "wait", "2025")["value"]
    assert (then, today) == (64.0, 74.0)
    change, unfrozen = row(second, "wait_change", "2026"), row(free, "wait_change", "2026")
    assert change["value"] == pytest.approx(row(second, "wait", "2026")["value"] / then - 1, rel=1e-11)
    assert change["se"] / (1 + change["value"]) == pytest.approx(unfrozen["se"] / (1 + unfrozen["value"]), rel=1e-9)
    for end in ("low", "high"):
        assert (1 + change[end]) * then == pytest.approx((1 + unfrozen[end]) * today, rel=1e-9)
    assert change["low"] < change["value"] < change["high"]
    told = row(second, "wait_change", "2026", table="decomposition")
    assert (told["method"], told["value"]) == ("revised_base", unfrozen["value"])


def test_a_notice_says_for_how_many_indicators_the_base_would_be_another_today(frozen: tuple[Edition, Edition, Edition]) -> None:
    first, second, _ = frozen
    [told] = [notice for notice in second.notices if "frozen" in notice.en]
    assert told.en.startswith("The base 2025 is frozen at edition 0001; today's data give other values of 2025 for 2 indicators")
    assert ": rate; wait." in told.en
    assert "2个指标" in told.zh
    assert second.manifest["provenance"]["frozen"] == {"period": "2025", "edition": "0001", "manifest_sha256": first.sha256}


def test_freezing_at_what_the_data_say_changes_nothing_but_that_it_is_final(office: Office, first: Edition) -> None:
    freeze(office.editions, first)
    second = office.publish()
    for table in ("results", "comparisons", "decomposition", "transitions"):
        then, now = (edition.query(f"SELECT * FROM {table} ORDER BY ALL") for edition in (first, second))
        assert_frame_equal(then, now, rel_tol=1e-11)
    assert second.notices == first.notices
    assert second.query("SELECT * FROM revisions").is_empty()


def test_comparisons_of_the_frozen_year_are_those_of_its_edition(frozen: tuple[Edition, Edition, Edition]) -> None:
    first, second, free = frozen
    of = "SELECT * FROM comparisons WHERE indicator = 'rate' AND period = '{}' ORDER BY ALL"
    assert second.query(of.format(2025)).equals(first.query(of.format(2025)))
    assert not second.query(of.format(2025)).equals(free.query(of.format(2025)))
    assert second.query(of.format(2026)).equals(free.query(of.format(2026)))
    assert first.query(of.format(2025)).height == 3


def test_an_error_of_the_base_that_was_smaller_never_makes_the_variance_negative(office: Office) -> None:
    """Asked whole at first, a sample later on: the covariance of today may not be larger than both errors allow."""
    whole = REGISTER.with_columns(layer_size=pl.when(pl.col("year") == 2025).then(8).otherwise("layer_size"))
    office.load(firms=whole)
    whole_count = office.publish()
    assert (row(whole_count, "rate", "2025")["se"], row(whole_count, "rate", "2025")["quality"]) == (0.0, "census")
    freeze(office.editions, whole_count)
    office.load(firms=REGISTER)
    change, level = (row(office.publish(), name, "2026") for name in ("rate_change", "rate"))
    assert change["se"] / (1 + change["value"]) == pytest.approx(level["se"] / level["value"], rel=1e-9)


# --- what does not fit -----------------------------------------------------------------------------------------------------


def test_what_was_withheld_then_stays_withheld_with_its_change(tmp_path: Path) -> None:
    """Two makers of bikes answered for 2025 at first, and all eight today."""
    few = REGISTER.filter(~pl.col("firm").is_in([f"bikes{i}" for i in range(2, 8)]) | (pl.col("year") == 2026))
    other = Office(tmp_path)
    other.load(firms=few)
    other.load(answers=answers(few))
    first = other.publish()
    assert row(first, "rate", "2025", "bikes")["status"] == row(first, "rate_change", "2026", "bikes")["status"] == "suppressed"
    freeze(other.editions, first)
    other.load(firms=REGISTER, answers=answers(REGISTER))
    second = other.publish()
    for key in (("rate", "2025"), ("rate_change", "2026")):
        found = row(second, *key, "bikes")
        assert found["status"] == "suppressed"
        assert all(found[name] is None for name in HIDDEN)
    assert row(second, "rate", "2026", "bikes")["status"] == "published"
    assert second.query("SELECT * FROM decomposition WHERE category = 'bikes' AND method = 'revised_base'").is_empty()
    assert second.query("SELECT * FROM comparisons WHERE period = '2025' AND 'bikes' IN (category, other)").is_empty()


def test_what_may_not_be_published_today_is_withheld_though_it_was_published_then(office: Office, first: Edition) -> None:
    freeze(office.editions, first)
    group = pl.when(pl.col("branch") == "bikes").then(pl.lit("one")).otherwise("holding")
    office.load(firms=REGISTER.with_columns(holding=group))
    second = office.publish()
    assert row(first, "rate", "2025", "bikes")["status"] == "published"
    for key in (("rate", "2025"), ("rate_change", "2026")):
        assert row(second, *key, "bikes")["status"] == "suppressed"


def test_a_category_without_a_row_today_keeps_its_frozen_value_and_change(office: Office, first: Edition) -> None:
    freeze(office.editions, first)
    moved = pl.when((pl.col("branch") == "bikes") & (pl.col("year") == 2025)).then(pl.lit("cars")).otherwise("branch")
    office.load(firms=REGISTER.with_columns(branch=moved))
    second = office.publish()
    for key in (("rate", "2025"), ("rate_change", "2026"), ("wait", "2025")):
        then, now = row(first, *key, "bikes"), row(second, *key, "bikes")
        assert (now["value"], now["status"]) == (then["value"], "published"), key
    gone = second.query("SELECT * FROM results WHERE indicator = 'wait_change' AND category = 'bikes'")
    assert gone["value"].to_list() == [None], "the error of a duration comes from cases, and there are none"


def test_a_year_with_months_missing_is_held_against_the_same_months_of_today(office: Office) -> None:
    register = firms((2025, 2026, 2027))
    office.load(firms=register)
    made = lines(register, {2025: 12, 2026: 12, 2027: 9})
    office.load(lines=made)
    freeze(office.editions, office.publish())
    raised = made.with_columns(made=pl.when(pl.col("month") < "2026").then(pl.col("made") + 1).otherwise("made"))
    office.load(lines=raised)
    second = office.publish()
    months = {year: [f"{year}-{month:02d}" for month in range(1, 10)] for year in (2025, 2027)}
    then, now = (raised.filter(pl.col("month").is_in(months[year]))["made"].sum() for year in (2025, 2027))
    assert row(second, "made_change", "2027")["value"] == pytest.approx(now / then - 1, rel=1e-11)
    whole = [made.filter(pl.col("month").str.starts_with(str(year)))["made"].sum() for year in (2025, 2026)]
    assert row(second, "made_change", "2026")["value"] == pytest.approx(whole[1] / whole[0] - 1, rel=1e-11)
    assert row(second, "made", "2025-Q1")["value"] == made.filter(pl.col("month") < "2025-04")["made"].sum()
    assert any("held against the same months of 2025" in notice.en and "made_change" in notice.en for notice in second.notices)
    revised = second.query("SELECT period FROM decomposition WHERE method = 'revised_base' AND indicator = 'made_change'")
    assert set(revised["period"]) == {"2026"}


def test_an_indicator_that_is_measured_otherwise_takes_its_base_from_today(office: Office, first: Edition) -> None:
    freeze(office.editions, first)
    office.write("indicators/rate", {"unit": "number", "table": "answers", "numerator": "y * 2", "denominator": "x"})
    office.write("indicators/new", {"unit": "number", "table": "answers", "numerator": "x"})
    second = office.publish()
    assert row(second, "rate", "2025")["value"] == pytest.approx(2 * row(first, "rate", "2025")["value"], rel=1e-11)
    assert row(second, "rate_change", "2026")["value"] == pytest.approx(row(first, "rate_change", "2026")["value"], rel=1e-9)
    told = " ".join(notice.en for notice in second.notices)
    assert "Measured otherwise than in edition 0001, so the base 2025 is computed anew and not the frozen one: rate." in told
    assert "Edition 0001 has no values of 2025 for these indicators, or for some of their breakdowns" in told
    assert "data: new." in told


def test_blanks_in_a_formula_are_no_other_measure(office: Office, first: Edition) -> None:
    freeze(office.editions, first)
    office.write("indicators/rate", {"unit": "number", "table": "answers", "numerator": "y  ", "denominator": "x"})
    assert "Measured otherwise" not in " ".join(notice.en for notice in office.publish().notices)


def test_the_frozen_base_of_another_plan_is_not_used_and_that_is_said(office: Office, first: Edition) -> None:
    freeze(office.editions, first)
    identity = json.loads((office.folder / "plan.yaml").read_text(encoding="utf-8"))
    office.write("plan", {**identity, "id": "renamed"})
    office.load(answers=corrected())
    second = office.publish()
    assert second.manifest["provenance"]["frozen"] is None
    assert any("belongs to the plan office" in notice.en for notice in second.notices)


# --- the declaration -------------------------------------------------------------------------------------------------------


def test_a_declaration_is_not_overwritten_in_silence_and_former_ones_are_kept(office: Office, first: Edition) -> None:
    second = office.publish()
    declared = freeze(office.editions, first)
    assert freeze(office.editions, first) == declared == declaration(office.editions), "the same again is no change"
    with pytest.raises(FreezeRefused, match=r"those of edition 0001 since .* --again"):
        freeze(office.editions, second)
    assert declaration(office.editions) == declared
    third = freeze(office.editions, second, again=True)
    assert (third.edition, third.manifest_sha256) == ("0002", second.sha256)
    former = json.loads((office.editions / FILE).read_text(encoding="utf-8"))["former"]
    assert [one["edition"] for one in former] == ["0001"]
    freeze(office.editions, first, "2026", again=True)
    former = json.loads((office.editions / FILE).read_text(encoding="utf-8"))["former"]
    assert [(one["edition"], one["period"]) for one in former] == [("0001", "2025"), ("0002", "2025")]


@pytest.mark.parametrize(
    ("period", "sentence"),
    [
        ("2031", "Edition 0001 publishes nothing of 2031. Years in it: 2025, 2026"),
        ("2025-Q1", "`2025-Q1` is no year"),
    ],
)
def test_what_cannot_be_frozen_is_refused(period: str, sentence: str, office: Office, first: Edition) -> None:
    with pytest.raises(FreezeRefused, match=sentence):
        freeze(office.editions, first, period)
    assert declaration(office.editions) is None


def test_a_year_that_is_not_over_is_refused(office: Office) -> None:
    register = firms((2025, 2026, 2027))
    office.load(firms=register)
    office.load(lines=lines(register, {2027: 9}))
    edition = office.publish()
    with pytest.raises(FreezeRefused, match="the year 2027 is not over: lines ends in 2027-09"):
        freeze(office.editions, edition, "2027")


def test_the_year_is_that_of_the_plan(office: Office) -> None:
    identity = json.loads((office.folder / "plan.yaml").read_text(encoding="utf-8"))
    office.write("plan", {**identity, "frozen_period": "2026"})
    assert freeze(office.editions, office.publish()).period == "2026"
    del identity["base_period"]
    office.write("plan", identity)
    with pytest.raises(FreezeRefused, match="Name the year"):
        freeze(office.editions, office.publish(), again=True)


def test_any_flipped_byte_of_the_declaration_stops_publishing(office: Office, first: Edition) -> None:
    freeze(office.editions, first)
    path = office.editions / FILE
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x01]) + whole[place + 1 :])
        with pytest.raises(BaseUnreadable, match="planwatch freeze YEAR --edition ID --again"):
            declaration(office.editions)
    with pytest.raises(BaseUnreadable):
        office.publish()
    path.write_bytes(whole)
    assert declaration(office.editions) is not None


def test_a_declaration_that_cannot_be_read_is_kept_when_the_base_is_declared_anew(office: Office, first: Edition) -> None:
    freeze(office.editions, first)
    (office.editions / FILE).write_text("spoilt", encoding="utf-8")
    with pytest.raises(BaseUnreadable):
        freeze(office.editions, first)
    freeze(office.editions, first, again=True)
    assert json.loads((office.editions / FILE).read_text(encoding="utf-8"))["former"] == [{"unreadable": "spoilt"}]


def test_a_frozen_edition_that_is_gone_broken_or_exchanged_stops_publishing(office: Office, first: Edition) -> None:
    office.publish().close()
    freeze(office.editions, first)
    hidden = first.folder.rename(office.editions / "aside")
    with pytest.raises(BaseUnreadable, match=r"2025 are frozen at edition 0001, which cannot be read: There is no edition 0001"):
        office.publish()
    hidden.rename(first.folder)
    manifest = first.folder / MANIFEST
    whole = manifest.read_text(encoding="utf-8")
    rewrite(manifest, whole.replace("office", "offices"))
    with pytest.raises(BaseUnreadable, match="Restore the folder editions/0001"):
        office.publish()
    rewrite(first.folder / SEAL, sha256(manifest))
    open_edition(office.editions, "0001").close()  # it seals itself, but it is another one than was declared
    rewrite(manifest, whole.replace('"office"', '"office" '))
    rewrite(first.folder / SEAL, sha256(manifest))
    with pytest.raises(BaseUnreadable, match="not the edition that was declared"):
        office.publish()
    assert len(list(office.editions.glob("0*"))) == 2


def rewrite(path: Path, text: str) -> None:
    path.chmod(0o644)
    path.write_text(text, encoding="utf-8")


def test_nobody_freezes_while_an_edition_is_being_written(office: Office, first: Edition) -> None:
    with _locked(office.editions), pytest.raises(PublishInProgress):
        freeze(office.editions, first)
    assert declaration(office.editions) is None


#: forks, for each step of writing, a process that is killed there; the step is the n-th call that touches the disk
KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from indicators.editions import edition as module
from indicators.revisions.frozen import freeze
root = Path(sys.argv[2])

def counted(name, call, place, half):
    def wrapped(*given):
        place[0] -= 1
        if place[0] == 0:
            if half:
                given[0].write_text(given[1][: len(given[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*given)
    return wrapped

for step in range(1, 6):
    child = os.fork()
    if child == 0:
        latest, place = module.open_edition(root, "0002"), [step]
        module.write_durably = counted("write", module.write_durably, place, True)
        module.sync = counted("sync", module.sync, place, False)
        rename = os.rename
        os.rename = counted("rename", rename, place, False)
        freeze(root, latest, again=True)
        os._exit(0)
    print(os.waitpid(child, 0)[1], (root / "frozen.json").read_text().count('"0002"'), flush=True)
"""


def test_killed_in_the_middle_of_freezing_the_former_declaration_stands(office: Office, first: Edition) -> None:
    office.publish().close()
    declared = freeze(office.editions, first)
    whole = (office.editions / FILE).read_bytes()
    command = [sys.executable, "-c", KILLED, str(REPOSITORY), str(office.editions)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    ends = [tuple(map(int, line.split())) for line in told]
    killed = [renamed for status, renamed in ends if status == signal.SIGKILL]
    assert killed == [0, 0, 1], "before the name is taken the former stands, after it the new one"
    assert all(status == 0 for status, _ in ends[3:])
    (office.editions / FILE).write_bytes(whole)
    assert declaration(office.editions) == declared
