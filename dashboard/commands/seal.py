"""The commands `seal` and `unseal`: whether the records of a store can be read without a key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dashboard.mistake import Mistake
from dashboard.options import DATA, MEND, KeyFile, Lang, Store, language_of, there

New = Annotated[
    Path | None,
    typer.Option("--new-key-file", metavar="FILE", help="Seal with the key in this file from now on, in place of the former."),
]
Make = Annotated[
    Path | None, typer.Option("--make-key", metavar="FILE", help="Write a new key into a new file, and do nothing else.")
]
Check = Annotated[bool, typer.Option("--check", help="Say how the store is kept, and open every sealed file; change nothing.")]


def seal(
    store: Store = DATA,
    key_file: KeyFile = None,
    new_key_file: New = None,
    make_key: Make = None,
    check: Check = False,
    lang: Lang = None,
) -> None:
    """Seal all confidential files of a store with a key; without the key nobody reads, changes or moves them unseen.

    Load, publish, edit and the rest work on as before where they are given the key. Who loses the key loses the records.
    """
    from dashboard.words import words
    from pipelines.sealing import seal_store
    from pipelines.secret import configured, new_key, read_key, refuse_inside, write_key

    spoken = words(language_of(lang))
    for path in (key_file, new_key_file, make_key):
        refuse_inside(path, store)
    if make_key is not None:
        write_key(make_key, new_key())
        typer.echo(spoken("seal.made", file=make_key))
        return
    there(store)
    if check:
        _check(store, lang)
        return
    key = read_key(new_key_file) if new_key_file else configured()
    if key is None:
        raise Mistake(
            "No key was given. Make one with `planwatch seal --make-key FILE`, keep a copy of it in a safe place apart from the "
            "store, and give it with --key-file FILE, or as PLANWATCH_KEY_FILE or PLANWATCH_KEY in the environment."
        )
    done = seal_store(store, key)
    typer.echo(spoken("seal.done", store=store, n=f"{done.files:,}", key=done.key))


def unseal(store: Store = DATA, key_file: KeyFile = None, lang: Lang = None) -> None:
    """Give the confidential files of a sealed store their plain form again."""
    from dashboard.words import words
    from pipelines.sealing import unseal_store

    done = unseal_store(there(store))
    typer.echo(words(language_of(lang))("unseal.done", store=store, n=f"{done.files:,}"))


def _check(store: Path, lang: Lang) -> None:
    from dashboard.words import words
    from pipelines.sealing import inspect
    from pipelines.secret import configured
    from pipelines.vault import STATE, key_of

    key, spoken = configured(), words(language_of(lang))
    if key is not None:
        key_of(store)  # that it is another key is said once, not of every file
    found = inspect(store, key)
    if found.state is None and found.sealed == found.files > 0:
        raise Mistake(
            f"{store / STATE} is missing, though all {found.files} confidential files are sealed. "
            "Restore it from a copy of the store."
        )
    if found.state is None:
        typer.echo(spoken("seal.plain", store=store, n=f"{found.files - found.sealed:,}"))
    else:
        told = {"key": found.state.key, "since": found.state.since, "opened": f"{found.opened:,}", "n": f"{found.files:,}"}
        typer.echo(spoken("seal.state" if key else "seal.state_unread", store=store, **told))
    for fault in found.faults:
        typer.echo(fault, err=True)
    if found.faults:
        raise typer.Exit(MEND)
