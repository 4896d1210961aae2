"""Accounts and roles: a list with a fault lets nobody in and says where it is; who is not on it sees nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.visitors.access import (
    EVERYONE,
    Access,
    Account,
    Granted,
    Refusal,
    Scope,
    check_scopes,
    entered,
    local,
    named,
    read_access,
)
from indicators.catalogue.plan import Plan
from pipelines.yamlfile import PlanFaults

NOW = 1_800_000_000
LIST = """hours: 8
accounts:
  - {email: viewer@example.cn, role: viewer}
  - {email: Parts@Example.cn, role: association, scope: {segment_group: parts}}
  - {subject: sub-1, role: steward}
  - {email: both@example.cn, role: viewer}
"""


def written(folder: Path, text: str) -> Path:
    (folder / "access.yaml").write_text(text, encoding="utf-8")
    return folder


def claims(**given: object) -> dict[str, object]:
    return {"is_logged_in": True, "sub": "sub-9", "iat": NOW - 60, "email_verified": True, **given}


FAULTS = [
    ("", "1:1", "a mapping of keys was expected"),
    ("accounts: []\n", "1:11", "`accounts` must have at least 1 entry"),
    ("accounts:\n  - {role: viewer}\n", "2:5", "by its `email` or by its `subject`"),
    ("accounts:\n  - {email: a@b.cn, subject: x, role: viewer}\n", "2:5", "by its `email` or by its `subject`"),
    ("accounts:\n  - {email: a@b.cn, role: admin}\n", "2:27", "`role` must be `viewer`, `association`, `analyst` or `steward`"),
    ("accounts:\n  - {email: a@b.cn, role: association}\n", "2:5", "an association needs a `scope`"),
    ("accounts:\n  - {email: a@b.cn, role: viewer, scope: {segment: '3670'}}\n", "2:5", "only an association has one"),
    ("accounts:\n  - {email: a@b.cn, role: association, scope: {segment: 3670}}\n", "2:57", "`segment` must be text or a list"),
    ("accounts:\n  - {email: a@b.cn, role: association, scope: {province: [320000]}}\n", "2:59", "Put it in quotes"),
    ("accounts:\n  - {email: a@b.cn, role: association, scope: {segment: []}}\n", "2:5", "names no code"),
    ("accounts:\n  - {email: not an address, role: viewer}\n", "2:5", "`email` must be one address"),
    ("accounts:\n  - {e-mail: a@b.cn, role: viewer}\n", "2:6", "Did you mean `email`?"),
    ("hours: 0\naccounts:\n  - {email: a@b.cn, role: viewer}\n", "1:8", "`hours` must be at least 1"),
    ("hours: eight\naccounts:\n  - {email: a@b.cn, role: viewer}\n", "1:8", "`hours` must be a whole number"),
    (
        "accounts:\n  - {email: a@b.cn, role: viewer}\n  - {email: A@B.cn, role: steward}\n",
        "3:5",
        "is an account already (entry 1)",
    ),
    ("accounts:\n  - {email: a@b.cn, role: viewer, role: steward}\n", "2:35", "stands here twice"),
]


@pytest.mark.parametrize(("text", "place", "told"), FAULTS)
def test_each_fault_of_the_list_is_told_with_its_place(tmp_path: Path, text: str, place: str, told: str) -> None:
    with pytest.raises(PlanFaults) as raised:
        read_access(written(tmp_path, text))
    lines = str(raised.value).splitlines()
    assert lines[0].startswith(f"{tmp_path / 'access.yaml'}:{place}  "), lines
    assert told in lines[0]


def test_scopes_are_held_against_the_plan(tmp_path: Path, plan: Plan) -> None:
    store = written(
        tmp_path,
        "accounts:\n"
        "  - {email: a@b.cn, role: association, scope: {segment_group: parts, province: ['320000']}}\n"
        "  - {email: b@b.cn, role: association, scope: {segmentgroup: parts}}\n"
        "  - {email: c@b.cn, role: association, scope: {segment_group: [vehicle, part]}}\n",
    )
    with pytest.raises(PlanFaults) as raised:
        check_scopes(store, plan)
    first, second = str(raised.value).splitlines()
    assert "access.yaml:3:48  the plan has no breakdown `segmentgroup`. Did you mean `segment_group`?" in first
    assert "access.yaml:4:63  `segment_group` has no code `part`. Did you mean `parts`?" in second
    check_scopes(written(tmp_path, LIST), plan)


def test_a_changed_list_counts_at_once(tmp_path: Path) -> None:
    assert len(read_access(written(tmp_path, LIST)).accounts) == 4
    assert len(read_access(written(tmp_path, "accounts:\n  - {email: a@b.cn, role: viewer}\n")).accounts) == 1
    with pytest.raises(FileNotFoundError):
        read_access(tmp_path / "nowhere")


ENTRIES: list[tuple[dict[str, object], str | Refusal]] = [
    ({}, "signed_out"),
    ({"email": "viewer@example.cn"}, "signed_out"),  # not said to be signed in
    ({**claims(email="viewer@example.cn"), "is_logged_in": "yes"}, "signed_out"),
    (claims(email="viewer@example.cn", sub=None), "signed_out"),
    (claims(email="viewer@example.cn", iat=None), "expired"),
    (claims(email="viewer@example.cn", iat=NOW - 8 * 3600 - 1), "expired"),
    (claims(email="viewer@example.cn", iat=NOW - 8 * 3600), "viewer"),
    (claims(email="viewer@example.cn", iat=NOW - 60.5), "viewer"),
    (claims(email="viewer@example.cn", iat=NOW + 60), "viewer"),
    (claims(email="viewer@example.cn", iat=NOW + 3600), "expired"),  # else it would last as much longer
    (claims(email="VIEWER@example.CN"), "viewer"),
    (claims(email="parts@example.cn"), "association"),
    (claims(email="viewer@example.cn", email_verified=False), "unlisted"),
    (claims(email="viewer@example.cn", email_verified="true"), "unlisted"),
    (claims(email="viewer@example.cn", email_verified=None), "viewer"),
    (claims(email="viewer@example.cn.evil.example"), "unlisted"),
    (claims(email=["viewer@example.cn"]), "unlisted"),
    (claims(email="sub-1"), "unlisted"),
    (claims(email="nobody@example.cn", sub="sub-1"), "steward"),
    (claims(sub="sub-1", email_verified=False, email="viewer@example.cn"), "steward"),
    (claims(sub="SUB-1"), "unlisted"),
    (claims(email="both@example.cn", sub="sub-1"), "steward"),  # the subject cannot change hands
    (claims(email=""), "unlisted"),
]


@pytest.mark.parametrize(("given", "expected"), ENTRIES)
def test_who_may_enter(tmp_path: Path, given: dict[str, object], expected: str) -> None:
    found = entered(read_access(written(tmp_path, LIST)), given, float(NOW))
    assert (found.role if isinstance(found, Granted) else found) == expected


def test_what_a_role_may_do(tmp_path: Path) -> None:
    access = read_access(written(tmp_path, LIST))
    found = {role: granted for email, role in (("viewer@example.cn", "viewer"), ("parts@example.cn", "association"))
             if isinstance(granted := entered(access, claims(email=email), NOW), Granted)}  # fmt: skip
    assert found["viewer"].scope == Scope(rows="all")
    assert not found["viewer"].exports
    assert found["association"].scope == Scope(rows="within", within=(("segment_group", ("parts",)),))
    assert found["association"].exports
    assert not found["association"].whatif
    assert found["viewer"].sign_in == ("sub-9", NOW - 60)
    assert Scope().rows == "none", "without an argument nothing"
    assert {"viewer", "association", "analyst", "steward"} == EVERYONE
    assert local("steward").name is None


def test_nobody_stands_in_the_log_under_an_address_that_was_not_verified() -> None:
    assert named(claims(email="steward@example.cn")) == "steward@example.cn"
    assert named(claims(email="steward@example.cn", email_verified=False)) == "sub-9"
    assert named({}) == ""


def test_every_key_of_the_list_is_in_the_readme() -> None:
    section = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").split("## Who sees what", 1)[1]
    keys = {line.split("|")[1].strip(" `") for line in section.split("\n## ", 1)[0].splitlines() if line.startswith("| `")}
    assert {*Access.model_fields, *Account.model_fields} <= keys
