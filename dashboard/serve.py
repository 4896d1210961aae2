"""The command that starts the app, with every setting that matters for safety and looks."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard.mistake import Mistake
from dashboard.visitors.access import FILE
from dashboard.visitors.provider import exposed, read_provider
from dashboard.visitors.started import LOOPBACK, Started, Who
from pipelines import log

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 — only to know it when it is asked for
APP = Path(__file__).parent / "app.py"
ENTRANCE = Path(__file__).parent / "entrance.py"

SETTINGS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.enableStaticServing": "true",
    "server.disconnectedSessionTTL": "60",
    "server.enableXsrfProtection": "true",
    "server.enableCORS": "true",
    "server.enableAgentApi": "false",
    "server.trustedUserHeaders": "{}",  # else whoever sends a header could say who he is
    "server.maxUploadSize": "1",
    "browser.gatherUsageStats": "false",
    "logger.hideWelcomeMessage": "true",  # on all addresses it would ask a machine outside for its own
    "runner.magicEnabled": "false",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.toolbarMode": "minimal",
    "client.disableDataExport": "true",  # files leave by our own links, with what the numbers are, and into the log
}


@dataclass(frozen=True, kw_only=True)
class Service:
    """Where the app listens, and for whom."""

    started: Started
    port: int = 8501
    address: str = LOOPBACK[0]
    secrets: Path | None = None  # the file of the identity provider
    origin: str | None = None  # the address that visitors use, where it is another than that of this machine
    warnings: tuple[str, ...] = ()  # what the operator is told before it starts


def command(service: Service) -> list[str]:
    """Program and arguments. The theme lies in dashboard/.streamlit/config.toml, where Streamlit looks beside its script."""
    # NOTE: without a file of its own Streamlit would take one that lies about in the home or the working directory
    secrets = service.secrets or Path(service.started.store) / "no-secrets.toml"
    own = {"server.address": service.address, "server.port": str(service.port), "secrets.files": str(secrets.resolve())}
    options = [f"--{name}={value}" for name, value in {**SETTINGS, **own}.items()]
    options += [f"--server.allowedHosts={host}" for host in service.started.hosts]
    return [sys.executable, "-m", "streamlit", "run", str(ENTRANCE), *options, "--", *service.started.arguments()]


def service(
    store: Path, port: int, *, address: str, secrets: Path | None = None, hosts: Sequence[str] = (), without_sign_in: bool = False
) -> Service:
    """Where the app is to listen, and for whom: on this machine for whoever sits at it, elsewhere for those who sign in.

    Raises Mistake where it would stand open to others without a word of the operator; where visitors sign in also what
    `log.ready` raises, because who cannot be recorded does not come in.
    """
    alone = _is_loopback(address)
    if secrets is not None and without_sign_in:
        raise Mistake("--sign-in and --without-sign-in contradict each other; give one of them.")
    if secrets is None and not alone and not without_sign_in:
        raise Mistake(
            f"On {address} everyone who reaches port {port} would see what is published, so visitors have to sign in: name the "
            f"secrets file of your identity provider with --sign-in FILE, and list the accounts in {store / FILE} "
            "(README, Who sees what). To open the app to everyone all the same, say --without-sign-in."
        )
    provider = read_provider(secrets, port) if secrets is not None else None
    if provider is not None and not (store / FILE).exists():
        raise Mistake(
            f"{store / FILE} is not there, so nobody who signs in would see anything. Write it, for example:\n"
            "accounts:\n  - {email: you@example.cn, role: steward}"
        )
    if provider is not None:
        log.ready(store, "sign-in")
    names = [*LOOPBACK, *([] if address in _EVERYWHERE else [address]), *(host.lower() for host in hosts)]
    names += [] if alone else [socket.gethostname().lower()]
    names += [provider.host] if provider is not None else []
    who: Who = "sign-in" if provider is not None else "steward" if alone and not without_sign_in else "analyst"
    told = Started(store=store, who=who, hosts=tuple(dict.fromkeys(names)), https=provider is not None and provider.https)
    return Service(
        started=told,
        port=port,
        address=address,
        secrets=secrets,
        origin=provider.origin if provider else None,
        warnings=exposed(provider.file, store) if provider else (),
    )


def _is_loopback(address: str) -> bool:
    """Raises Mistake for what is no address of a machine."""
    if address in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        raise Mistake(f"--address {address}: an IP address is needed, such as 127.0.0.1, 0.0.0.0 or 192.168.1.5.") from None
