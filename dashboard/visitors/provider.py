"""The identity provider as the operator's secrets file names it, looked through before the app starts."""

from __future__ import annotations

import stat
import tomllib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from dashboard.mistake import Mistake
from dashboard.visitors.started import LOOPBACK

_NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_BACK = "/oauth2callback"
_SECRET = 32  # letters; fewer could be guessed, and whoever guesses them signs in as anybody


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Where visitors come from: the secrets file, and the address under which they see the app."""

    file: Path
    origin: str
    host: str
    https: bool


def read_provider(file: Path, port: int) -> Provider:
    """What section [auth] of a secrets file of Streamlit says. Raises Mistake with what has to be mended, never a secret."""
    if find_spec("authlib") is None or find_spec("httpx") is None:
        raise Mistake("Signing in needs the packages authlib and httpx, which are not installed: pip install 'planwatch[auth]'.")
    if file.suffix != ".toml":
        raise Mistake(f"{file}: Streamlit reads secrets from files ending in .toml only, found `{file.suffix}`. Rename the file.")
    section = _section(file)
    if missing := [name for name in _NEEDED if not (isinstance(section.get(name), str) and section[name])]:
        raise Mistake(f"{file}: section [auth] lacks {', '.join(missing)}. All of {', '.join(_NEEDED)} are needed, as text.")
    if len(str(section["cookie_secret"])) < _SECRET:
        raise Mistake(
            f"{file}: cookie_secret has fewer than {_SECRET} characters. Make one with "
            'python3 -c "import secrets; print(secrets.token_urlsafe(48))".'
        )
    back = urlsplit(str(section["redirect_uri"]))
    host = back.hostname or ""
    _check(file, back, host, port)
    return Provider(file=file, origin=f"{back.scheme}://{back.netloc}", host=host, https=back.scheme == "https")


def exposed(file: Path, store: Path) -> tuple[str, ...]:
    """What to tell whoever keeps his secrets where others come by them: with the cookie secret one signs in as anybody."""
    told = []
    if (mode := stat.S_IMODE(file.stat().st_mode)) & 0o077:
        told.append(
            f"{file} can be reached by others (mode {mode:04o}); whoever reads it can sign in as anybody: chmod 600 {file}"
        )
    if store.resolve() in file.resolve().parents:
        told.append(
            f"{file} lies in the store {store}; who gets the store, or a copy, could sign in as anybody. Put it elsewhere."
        )
    return tuple(told)


def _section(file: Path) -> dict[str, object]:
    try:
        whole = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Mistake(f"{file} is not TOML: {error}.") from None
    section = whole.get("auth")
    if not isinstance(section, dict):
        raise Mistake(f"{file} has no section [auth]; README, Who sees what, shows one.")
    return section


def _check(file: Path, back: SplitResult, host: str, port: int) -> None:
    told = f"{file}: redirect_uri is {back.geturl()}"
    if not host or back.path != _BACK or back.query:
        raise Mistake(f"{told}; it must be the address of the app with the path {_BACK}, such as https://app.example.cn{_BACK}.")
    if back.scheme != "https" and (back.scheme != "http" or host not in LOOPBACK):
        raise Mistake(f"{told}; the cookie of a sign-in may travel by https only. Put a proxy with https before the app.")
    if host in LOOPBACK and (back.port or (443 if back.scheme == "https" else 80)) != port and back.scheme == "http":
        raise Mistake(f"{told}, but the app is to listen on port {port}; both must name the same port.")
