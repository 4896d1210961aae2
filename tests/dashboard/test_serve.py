"""How the app is started: for this machine alone without sign-in, on any other address only with it, unless told otherwise."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from dashboard.mistake import Mistake
from dashboard.serve import command, service
from dashboard.visitors.provider import read_provider
from dashboard.visitors.started import LOOPBACK, Started, started
from pipelines import log
from pipelines.secret import KeyNeeded, new_key, using, write_key
from tests.dashboard.conftest import Run

SECRETS = """
[auth]
redirect_uri = "{back}"
cookie_secret = "{secret}"
client_id = "planwatch"
client_secret = "not told"
server_metadata_url = "https://idp.example.cn/.well-known/openid-configuration"
"""


def secrets(folder: Path, back: str = "https://app.example.cn/oauth2callback", secret: str = "s" * 40) -> Path:
    file = folder / "secrets.toml"
    file.write_text(SECRETS.format(back=back, secret=secret), encoding="utf-8")
    return file


def listed(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "access.yaml").write_text("accounts:\n  - {email: a@b.cn, role: steward}\n", encoding="utf-8")
    return folder


def test_on_this_machine_everyone_is_a_steward_and_nobody_signs_in(tmp_path: Path) -> None:
    for address in ("127.0.0.1", "::1", "127.0.0.2"):
        made = service(tmp_path, 8501, address=address)
        assert made.started.who == "steward"
        assert set(LOOPBACK) <= set(made.started.hosts)
        assert socket.gethostname().lower() not in set(made.started.hosts) - set(LOOPBACK)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5"])
def test_on_any_other_address_it_is_refused_without_sign_in(tmp_path: Path, address: str) -> None:
    with pytest.raises(Mistake) as raised:
        service(tmp_path, 8501, address=address)
    assert all(word in str(raised.value) for word in ("--sign-in FILE", "access.yaml", "--without-sign-in", address))
    told = service(tmp_path, 8501, address=address, without_sign_in=True)
    assert told.started.who == "analyst", "who is not on this machine does not look after it"
    assert (address in told.started.hosts) == (address == "192.168.1.5")


def test_the_command_line_says_so_in_plain_lines_and_starts_nothing(run: Run, tmp_path: Path, store: Path) -> None:
    said = run("app", "--dir", store, "--address", "0.0.0.0")
    assert (said.code, said.out) == (2, "")
    assert "--sign-in FILE" in said.err
    assert "Traceback" not in said.err
    for arguments, told in (
        (["--sign-in", tmp_path / "none.toml"], "none.toml: No such file or directory."),
        (["--sign-in", secrets(tmp_path), "--without-sign-in"], "contradict each other"),
        (["--sign-in", secrets(tmp_path)], "access.yaml is not there"),
        (["--address", "intranet"], "an IP address is needed"),
    ):
        said = run("app", "--dir", tmp_path, *arguments)
        assert said.code == 2
        assert told in said.err
    assert run("app", "--dir", store, "--sign-in", secrets(tmp_path)).code == 2


def test_a_fault_in_the_list_of_accounts_keeps_the_app_from_starting(run: Run, tmp_path: Path, store: Path) -> None:
    (store / "access.yaml").write_text(
        "accounts:\n  - {email: a@b.cn, role: association, scope: {segmnt: x}}\n", encoding="utf-8"
    )
    try:
        said = run("app", "--dir", store, "--sign-in", secrets(tmp_path))
    finally:
        (store / "access.yaml").unlink()
    assert said.code == 2
    assert "access.yaml:2:48  the plan has no breakdown `segmnt`. Did you mean `segment`?" in said.err


def test_signing_in_makes_the_name_of_the_app_known_and_asks_for_https(tmp_path: Path) -> None:
    made = service(listed(tmp_path), 8501, address="127.0.0.1", secrets=secrets(tmp_path), hosts=["Other.example.cn"])
    assert made.started.who == "sign-in"
    assert made.started.https
    assert {"app.example.cn", "other.example.cn"} <= set(made.started.hosts)
    assert made.origin == "https://app.example.cn"
    own = command(made)
    assert f"--secrets.files={(tmp_path / 'secrets.toml').resolve()}" in own
    assert "not told" not in " ".join(own), "no secret on a command line"
    loopback = service(tmp_path, 8501, address="127.0.0.1", secrets=secrets(tmp_path, "http://localhost:8501/oauth2callback"))
    assert not loopback.started.https


@pytest.mark.parametrize(
    ("back", "told"),
    [
        ("http://app.example.cn/oauth2callback", "by https only"),
        ("http://localhost:8502/oauth2callback", "both must name the same port"),
        ("https://app.example.cn/", "with the path /oauth2callback"),
        ("https://app.example.cn/oauth2callback?next=x", "with the path /oauth2callback"),
        ("oauth2callback", "with the path /oauth2callback"),
        ("javascript://app.example.cn/oauth2callback", "by https only"),
    ],
)
def test_an_address_to_come_back_to_that_is_not_safe_is_refused(tmp_path: Path, back: str, told: str) -> None:
    with pytest.raises(Mistake, match=told):
        read_provider(secrets(tmp_path, back), 8501)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[auth\n", "is not TOML"),
        ("[other]\nx = 1\n", r"no section \[auth\]"),
        ("auth = 1\n", r"no section \[auth\]"),
        ("[auth]\nclient_id = 7\ncookie_secret = ''\n", "lacks redirect_uri, cookie_secret, client_id, client_secret"),
    ],
)
def test_a_secrets_file_that_lacks_something_is_told_without_its_secrets(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "secrets.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Mistake, match=told):
        read_provider(file, 8501)
    with pytest.raises(Mistake, match="fewer than 32 characters") as raised:
        read_provider(secrets(tmp_path, secret="guess me"), 8501)
    assert "guess me" not in str(raised.value)


def test_a_secrets_file_that_streamlit_would_not_read_is_refused(tmp_path: Path) -> None:
    file = secrets(tmp_path).rename(tmp_path / "secrets.txt")
    with pytest.raises(Mistake, match=r"files ending in \.toml"):
        read_provider(file, 8501)


def test_a_secrets_file_within_reach_of_others_is_told(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    store = listed(tmp_path / "store")
    outside.mkdir()
    told = {}
    for folder in (outside, store):
        for mode in (0o600, 0o640, 0o604):
            secrets(folder).chmod(mode)
            told[folder, mode] = service(store, 8501, address="127.0.0.1", secrets=folder / "secrets.toml").warnings
    assert told[outside, 0o600] == ()
    assert [len(told[outside, mode]) for mode in (0o640, 0o604)] == [1, 1]
    assert "mode 0604" in told[outside, 0o604][0]
    assert "lies in the store" in told[store, 0o600][0]
    assert len(told[store, 0o604]) == 2


def test_an_app_that_could_let_nobody_in_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who signs in is recorded first, and a log kept with a key takes no line without it."""
    store, key = listed(tmp_path / "store"), new_key()
    with using(key):
        log.append(store, action="load")
    asked = {"address": "127.0.0.1", "secrets": secrets(tmp_path)}
    with pytest.raises(KeyNeeded, match="The log is kept with the key"):
        service(store, 8501, **asked)
    assert service(store, 8501, address="127.0.0.1").started.who == "steward", "on this machine nobody signs in"
    write_key(tmp_path / "log.key", key.of_log)
    monkeypatch.setenv("PLANWATCH_LOG_KEY_FILE", str(tmp_path / "log.key"))
    assert service(store, 8501, **asked).started.who == "sign-in"
    (store / log.FILE).write_text("no entry\n", encoding="utf-8")
    with pytest.raises(log.LogBroken):
        service(store, 8501, **asked)


def test_every_setting_that_keeps_others_out_is_on_the_command_line(tmp_path: Path) -> None:
    """A setting in the environment or in a file of the user would else decide."""
    made = command(service(tmp_path, 8501, address="127.0.0.1"))
    for option in (
        "--server.enableXsrfProtection=true",
        "--server.enableCORS=true",
        "--server.enableAgentApi=false",
        "--server.trustedUserHeaders={}",
        "--server.allowedHosts=localhost",
        "--client.disableDataExport=true",
    ):
        assert option in made
    named = next(part for part in made if part.startswith("--secrets.files="))
    assert not Path(named.partition("=")[2]).exists(), "no file of secrets that lies about"


def test_what_the_command_passes_on_comes_back(tmp_path: Path) -> None:
    told = Started(store=tmp_path, who="analyst", hosts=("a.example.cn", "127.0.0.1"), https=True)
    assert started(["entrance.py", *told.arguments()], {"PLANWATCH_WHO": "steward", "PLANWATCH_DIR": "other"}) == told
    assert started([], {}).who == "sign-in", "without a word nobody is let in unseen"
    assert started(["--who", "root"], {}).who == "sign-in"
    assert started([], {"PLANWATCH_WHO": "steward", "PLANWATCH_DIR": "other"}) == Started(store=Path("other"), who="steward")
