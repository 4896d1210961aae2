"""The command line, `planwatch`. Exit codes: 0 done, 1 done but too many rows were set aside, 2 the user must mend something.

Heavy libraries are imported inside the commands, so that help and mistakes answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.commands.alerts import alerts, fired
from dashboard.commands.audit import audit
from dashboard.commands.catalogue import catalogue
from dashboard.commands.details import details
from dashboard.commands.edit import edit_app, waiting
from dashboard.commands.forget import forget
from dashboard.commands.freeze import freeze
from dashboard.commands.gap import gap
from dashboard.commands.late import late
from dashboard.commands.log import log_app
from dashboard.commands.methods import methods
from dashboard.commands.pseudonymise import pseudonymise
from dashboard.commands.report import report
from dashboard.commands.revisions import revisions
from dashboard.commands.risk import risk
from dashboard.commands.seal import seal, unseal
from dashboard.commands.whatif import whatif
from dashboard.mistake import Mistake, foreign_rooms, plain
from dashboard.options import (
    DATA,
    DONE,
    MEND,
    Address,
    EditionId,
    Form,
    Hosts,
    KeyFile,
    Lang,
    PlanFolder,
    Port,
    SignIn,
    Store,
    Tongue,
    WithoutSignIn,
    edition_of,
    folder_of,
    language_of,
    plan_of,
    there,
    written,
)

if TYPE_CHECKING:
    from dashboard.serve import Service
    from indicators.catalogue.plan import Plan
    from indicators.editions.edition import Edition

app = typer.Typer(name="planwatch", add_completion=False, pretty_exceptions_enable=False)
plan_app = typer.Typer(no_args_is_help=True, help="Look after a plan folder.")
app.add_typer(plan_app, name="plan")
app.add_typer(edit_app, name="edit")
app.add_typer(log_app, name="log")


@app.callback(invoke_without_command=True)
def _planwatch(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Is the plan on track, and who must move? Raw files in, a published edition out."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"planwatch {installed('planwatch')}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def demo(
    store: Store = DATA,
    no_app: Annotated[bool, typer.Option("--no-app", help="Stop after the headline table.")] = False,
    port: Port = 8501,
    lang: Lang = None,
) -> None:
    """Make sample data, load it, publish an edition, print the headline and open the app."""
    from dashboard.intake import exit_code, mark_as_invented, take_in
    from dashboard.serve import service
    from dashboard.words import words
    from indicators.catalogue.catalogue import AUTOMOTIVE
    from sample_data.generate import generate

    mark_as_invented(store)
    typer.echo(f"1/4  Making sample data of an invented industry → {store / 'sample'}")
    files = generate(store / "sample")
    typer.echo(f"2/4  Loading {len(files)} files")
    plan, spoken = plan_of(None), words(language_of(lang))
    reports = take_in(files, store, plan, spoken)
    typer.echo("3/4  Publishing")
    edition = _publish(store, plan, AUTOMOTIVE, lang)
    typer.echo(f"4/4  Edition {edition.id} stands. All its numbers are of invented enterprises.\n")
    _print_results(edition, (), None, None, Form.table, lang)
    code = exit_code(reports, plan, spoken)
    raise typer.Exit(code if no_app else _launch(service(store, port, address="127.0.0.1")) or code)


@app.command()
def load(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="CSV, XLSX or Parquet files, folders of them, or TABLE=FILE.")
    ],
    store: Store = DATA,
    plan_folder: PlanFolder = None,
    rejected: Annotated[Path | None, typer.Option("--rejected", help="Write the rows set aside by this load as CSV.")] = None,
    key_file: KeyFile = None,
    lang: Lang = None,
) -> None:
    """Take the good rows of files into the warehouse; say per file what was read, accepted, set aside, replaced.

    Loading the same file again changes nothing; a corrected file replaces rows by their key.
    """
    from dashboard.intake import exit_code, faults_of, named_files, take_in, write_faults
    from dashboard.words import words

    plan, spoken = plan_of(plan_folder), words(language_of(lang))
    named = [item for text in files for item in named_files(text, plan)]
    reports = take_in(named, store, plan, spoken)
    if rejected is not None:
        write_faults(faults_of(reports), rejected, spoken.language, store)
    raise typer.Exit(exit_code(reports, plan, spoken))


@app.command()
def rejected(
    out: Annotated[Path, typer.Option("--out", help="File to write, ending in .csv.")],
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE…", help="Only rows of files of these names.")] = None,
    store: Store = DATA,
    key_file: KeyFile = None,
    lang: Lang = None,
) -> None:
    """Write the rows that were set aside, with the reason for each, for the people who reported them."""
    from dashboard.intake import faults_in, write_faults

    write_faults(faults_in(store, files or ()), out, language_of(lang), store)


@app.command()
def publish(
    store: Store = DATA,
    plan_folder: PlanFolder = None,
    final: Annotated[
        list[str] | None,
        typer.Option("--final", metavar="YEAR", help="Declare a year final from now on; may be repeated; none takes this back."),
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="From raw values, without the plan's rules of editing.")] = False,
    key_file: KeyFile = None,
) -> None:
    """Make the next edition from what is loaded, after editing it by the rules of the plan, and point at it."""
    edition = _publish(there(store), plan_of(plan_folder), folder_of(plan_folder), final=final or (), raw=raw)
    count = edition.query("SELECT count(*) AS n FROM results").item()
    typer.echo(f"Edition {edition.id} stands: {count:,} results in {store / 'editions' / edition.id}")


@app.command()
def show(
    indicators: Annotated[
        list[str] | None, typer.Argument(metavar="INDICATOR…", help="Ids; none: the headline; all: every one.")
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="A breakdown, several crossed, or all.", metavar="BREAKDOWN[,BREAKDOWN]")
    ] = None,
    period: Annotated[str | None, typer.Option("--period", help="2026, 2026-Q3, 2026-09 or all; without it the newest.")] = None,
    edition: EditionId = None,
    form: Annotated[
        Form, typer.Option("--format", help="table for people; csv and json hold every column of the results.")
    ] = Form.table,
    store: Store = DATA,
    lang: Lang = None,
) -> None:
    """Print results of an edition; without arguments the headline: each target with its newest number."""
    _print_results(edition_of(store, edition), indicators or (), by, period, form, lang)


@app.command()
def explain(
    indicator: Annotated[str, typer.Argument(metavar="INDICATOR", help="Id of the indicator.")],
    store: Store = DATA,
    plan_folder: PlanFolder = None,
    edition: EditionId = None,
    lang: Lang = None,
) -> None:
    """Print all about one indicator: definition, formula, legal reading, tables, checks, SQL, last run.

    It is read from the edition; with --plan, or before anything was published, from the plan folder.
    """
    from dashboard.rows.selection import known
    from dashboard.wording.explanation import explanation
    from dashboard.words import words
    from indicators.editions.edition import NoEdition

    opened: Edition | None = None
    try:
        opened = edition_of(store, edition) if plan_folder is None else None
    except NoEdition:
        if edition is not None:
            raise
        if store != DATA:
            there(store)
    plan, spoken = opened.plan if opened else plan_of(plan_folder), words(language_of(lang))
    indicator = known(plan, indicator)
    typer.secho(f"{indicator}  {plan.indicators[indicator].name.in_language(spoken.language)}", bold=True)
    for heading, lines in explanation(plan, indicator, spoken, opened):
        typer.secho(f"\n{heading}", bold=True)
        for line in lines:
            typer.echo(f"  {line}")


app.command()(details)
app.command()(alerts)
app.command()(audit)
app.command()(catalogue)
app.command()(forget)
app.command()(late)
app.command()(freeze)
app.command()(gap)
app.command()(methods)
app.command()(pseudonymise)
app.command()(report)
app.command()(revisions)
app.command()(seal)
app.command()(unseal)
app.command()(risk)
app.command()(whatif)


@app.command()
def editions(store: Store = DATA) -> None:
    """List the editions: which is current, and whether each still stands as it was published."""
    from dashboard.terminal import console, editions_table
    from indicators.editions.edition import BrokenEdition, NoEdition, current_id, list_editions, open_edition

    if not (names := list_editions(store / "editions")):
        raise NoEdition(
            f"There is no edition in {store / 'editions'}. Load data and run `planwatch publish`, or try `planwatch demo`."
        )
    current = current_id(store / "editions") or ""
    found: list[tuple[str, Edition | str]] = []
    for name in names:
        try:
            found.append((name, open_edition(store / "editions", name)))
        except BrokenEdition as error:
            found.append((name, str(error)))
    console().print(editions_table(found, current))
    if any(isinstance(edition, str) for _, edition in found):
        raise typer.Exit(2)


@plan_app.command("check")
def plan_check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The plan folder.")],
    cases: Annotated[bool, typer.Option("--cases/--no-cases", help="Also run the worked cases.")] = True,
) -> None:
    """Say every fault of a plan folder with file, line and column, and run its worked cases."""
    from indicators.case import run_case

    plan = plan_of(folder)
    wrong = [line for case in plan.cases.values() for line in run_case(plan, case)] if cases else []
    if wrong:
        raise Mistake("\n".join([*wrong, f"{len(wrong)} numbers of worked cases differ in {folder}."]))
    worked = f", {len(plan.cases)} worked cases give their numbers" if cases else ""
    typer.echo(f"{folder}: no fault. {len(plan.indicators)} indicators over {len(plan.dictionary.tables)} tables{worked}.")


@app.command("app")
def open_app(
    store: Store = DATA,
    port: Port = 8501,
    address: Address = "127.0.0.1",
    sign_in: SignIn = None,
    host: Hosts = None,
    without_sign_in: WithoutSignIn = False,
) -> None:
    """Open the app on the current edition; Ctrl-C ends it.

    On this machine nobody has to sign in; on any other address visitors do, or --without-sign-in says that they need not.
    """
    from dashboard.serve import service
    from dashboard.visitors.access import check_scopes

    asked = service(store, port, address=address, secrets=sign_in, hosts=host or (), without_sign_in=without_sign_in)
    edition = edition_of(store, None)  # says here what the app could only say in the browser
    if sign_in is not None:
        check_scopes(store, edition.plan)
    edition.close()
    for told in asked.warnings:
        typer.echo(told, err=True)
    raise typer.Exit(_launch(asked))


@app.command()
def bench(rows: Annotated[int, typer.Option("--rows", min=10_000, help="Production rows to make.")] = 1_000_000) -> None:
    """Time load, cells and publish over made-up production rows, against floors measured in the same run.

    rows out: rows that came out. seconds: time on the clock, median of the runs. CPU s: processor seconds. × floor and CPU ×:
    both as multiples of those of the floor, the least the same rows could cost, named in the last column. goal: what × floor
    should not exceed; ✗ over marks a missed one. peak MB: the most memory in use.
    """
    from dashboard.terminal import bench_table, console, progress
    from indicators.bench import run

    with progress("bench") as report:
        figures = run(rows, progress=report)
    console().print(bench_table(figures))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and gives its exit code; a mistake of the user takes plain lines, a traceback means a bug."""
    if (wrong := foreign_rooms()) is not None:
        typer.echo(wrong, err=True)
        return MEND
    os.umask(os.umask(0) | 0o007)  # a store speaks of enterprises: nobody outside its group reads what is written here
    try:
        return _run(arguments)
    except BrokenPipeError:  # the reader of our output, for instance `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if (lines := plain(error)) is None:
            raise
        typer.echo(lines, err=True)
        return MEND


def _run(arguments: Sequence[str] | None) -> int:
    try:
        app(args=None if arguments is None else list(arguments), prog_name="planwatch")
    except SystemExit as ended:
        # NOTE: typer ends with 1 and wraps the stream when the reader has gone; here 1 would speak of rows set aside
        gone = type(sys.stdout).__name__ == "PacifyFlushWrapper"
        code = DONE if gone or not isinstance(ended.code, int) else ended.code
    sys.stdout.flush()  # a closed pipe shows here, not when the interpreter ends
    return code


def _publish(
    store: Path, plan: Plan, folder: Path, lang: Tongue | None = None, final: Sequence[str] = (), raw: bool = False
) -> Edition:
    from dashboard.terminal import progress
    from dashboard.words import words
    from indicators.publish import publish as publish_edition

    former = _former_indicators(store)
    with progress("publishing") as report:
        edition = publish_edition(store=store, plan=plan, plan_folder=folder, final=final, raw=raw, progress=report)
    language = language_of(lang)
    told = [notice.in_language(language) for notice in edition.notices]
    if gone := sorted(former - set(plan.indicators)):
        told.append(words(language)("publish.gone", names=", ".join(gone)))
    for text in told:
        typer.echo(words(language)("publish.note", told=text), err=True)
    typer.echo("\n".join(fired(edition, words(language))), err=True)
    if (waits := waiting(store, edition, words(language))) is not None:
        typer.echo(waits, err=True)
    return edition


def _former_indicators(store: Path) -> set[str]:
    """Indicators of the current edition, if there is one that can be opened."""
    from indicators.editions.edition import BrokenEdition, NoEdition, open_edition

    try:
        current = open_edition(store / "editions")
    except (NoEdition, BrokenEdition):
        return set()
    current.close()
    return set(current.plan.indicators)


def _print_results(
    edition: Edition, indicators: Sequence[str], by: str | None, period: str | None, form: Form, lang: Tongue | None
) -> None:
    from dashboard.rows.assessed import Assessed
    from dashboard.rows.selection import select, through, tiles
    from dashboard.terminal import console, results_table
    from dashboard.wording.readings import disagreements
    from dashboard.words import words

    rows, spoken = select(edition, indicators, by, period), words(language_of(lang))
    if written(rows, form):
        return
    screen, title = console(), edition.plan.identity.name.in_language(spoken.language)
    judged = Assessed.published(edition)
    until = through(edition.query("SELECT * FROM coverage"))
    screen.print(results_table(edition.plan, rows, spoken, title, narrow=screen.width < 120, judged=judged, through=until))
    for told in disagreements(tiles(edition), edition.plan, spoken) if not (indicators or by or period) else ():
        screen.print(told)
    if edition.manifest.get("provenance", {}).get("synthetic"):
        screen.print(spoken("edition.synthetic"))


def _launch(service: Service) -> int:
    from dashboard.launch import launch
    from dashboard.serve import command
    from dashboard.visitors.started import LOOPBACK

    def ready(address: str) -> None:
        typer.echo(f"The app is open on {address} (Ctrl-C ends it).")
        if others := [host for host in service.started.hosts if host not in LOOPBACK]:
            typer.echo(f"It answers under the names {', '.join(others)}; further ones are given with --host.")

    return launch(command(service), service.port, ready=ready, address=service.address, origin=service.origin)


if __name__ == "__main__":
    sys.exit(main())
