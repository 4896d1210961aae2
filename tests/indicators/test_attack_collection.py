"""A collection of numbers from anywhere is attacked as an edition is, and only what was seen is known."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from indicators.attack.attack import attack
from indicators.attack.audit import as_json, audit, of_attack
from indicators.attack.collection import CELLS, Collection, Number, numbers_of
from indicators.attack.kinds import Kind
from indicators.catalogue.plan import Plan
from indicators.editions.edition import DATABASE, NoEdition, open_edition
from indicators.estimation.estimate import KEYS
from tests.indicators.conftest import MakePlan
from tests.indicators.leaking import Industry, a_plan, publish, recovered, rows_of, units

HIDDEN = {("sum", "2025", "a", "a0"), ("sum", "2025", "a", "a2"), ("share", "2025", "a", "a1"), ("share", "2025", "a", "a0")}


@pytest.fixture(scope="session")
def plan(make_plan: MakePlan) -> Plan:
    return a_plan(make_plan)


@pytest.fixture
def root(tmp_path: Path, plan: Plan) -> Path:
    industry = Industry(plan=plan, rows=units(21), indicators=("sum", "share"))
    key = {"indicator": "share", "period": "2025", "breakdown": "a", "category": "a3", "other": "a1"}
    apart = industry.values["share", "2025", "a", "a3"] - industry.values["share", "2025", "a", "a1"]
    publish(tmp_path, industry, HIDDEN, comparisons=rows_of("comparisons", [key | {"difference": apart}]))
    return tmp_path


def collected(root: Path, numbers: list[Number]) -> Collection:
    with closing(open_edition(root)) as edition:
        cells = edition.query("SELECT * FROM results").select(list(CELLS))
        return Collection.of_numbers(edition.plan, {edition.id: cells}, numbers, edition.id)


def test_all_numbers_of_an_edition_are_the_edition(root: Path) -> None:
    with closing(open_edition(root)) as edition:
        numbers, whole = numbers_of(edition), Collection.of_edition(edition)
    assert {number.table for number in numbers} == {"results", "comparisons"}
    assert recovered(attack(collected(root, numbers))) == recovered(attack(whole)) != {}


def test_what_was_not_seen_is_not_known(root: Path) -> None:
    with closing(open_edition(root)) as edition:
        numbers = numbers_of(edition)
    totals = [number for number in numbers if number.key["breakdown"] != "up"]
    found = recovered(attack(collected(root, totals)))
    assert {key[0] for key in found} == {"share"}, "without the groups the sums hide each other; the comparison is still told"


def test_the_audit_counts_what_it_tried_and_names_what_fell(root: Path) -> None:
    told = audit(root)
    assert (told.edition, told.editions, told.unread) == ("0001", ("0001",), ())
    assert (told.published, told.withheld) == (14 - len(HIDDEN), len(HIDDEN))
    assert told.share == 10 / 14
    fell = {(one.place[0].indicator, *one.place[1]) for one in told.recovered if one.what == "value"}
    assert fell == {("sum", "a", "a0"), ("sum", "a", "a2"), ("share", "a", "a1")}
    by = {one.kind: one for one in told.kinds}
    assert list(by) == list(Kind)
    assert by[Kind.beside].tried == len(HIDDEN)
    assert by[Kind.parts].recovered >= 2
    assert by[Kind.editions].tried == 0
    found = as_json(told)
    assert [one["kind"] for one in found["attacks"]] == [kind.name for kind in Kind]
    assert all(set(one) == {*KEYS, "what", "kind", "beside"} for one in found["recovered"]), "named, and not repeated"


def test_the_audit_holds_an_edition_against_all_others_and_names_those_it_cannot_read(root: Path, plan: Plan) -> None:
    other = {("sum", "2025", "a", "a0"), ("sum", "2025", "a", "a1")}
    for _ in range(2):
        publish(root, Industry(plan=plan, rows=units(21), indicators=("sum",)), other)
    file = root / "0002" / DATABASE
    file.chmod(0o644)
    file.write_bytes(b"broken")
    told = audit(root)
    assert (told.edition, told.editions, told.unread) == ("0003", ("0001", "0003"), ("0002",))
    assert {one.kind for one in told.recovered} == {Kind.editions}
    assert audit(root, "0001").edition == "0001"
    with pytest.raises(NoEdition):
        audit(root, "0009")


def test_nothing_withheld_is_nothing_to_attack(tmp_path: Path, plan: Plan) -> None:
    publish(tmp_path, Industry(plan=plan, rows=units(22), indicators=("sum", "rate", "share")), set())
    with closing(open_edition(tmp_path)) as edition:
        collection = Collection.of_edition(edition)
    told = of_attack(collection, attack(collection))
    assert (told.withheld, told.share, told.recovered, told.unanimous) == (0, 1.0, (), 0)
