"""The command line: the demo company, the data-quality report, the board pack, the retention review, the catalogue."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saasmetrics import check_command, import_command
from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.flags import as_flags, told
from saasmetrics.printable import printable

if TYPE_CHECKING:
    from saasmetrics.book import Book
    from saasmetrics.policy import Policy

DONE, FINDINGS, USAGE, INTERRUPTED = 0, 1, 2, 130
_EXIT = "Exit codes: 0 done, 1 findings that stop, 2 a mistake in the call or in the files."


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; what the user can mend is told without a traceback.

    Parameters
    ----------
    argv
        Words of the command line, by default those of the process.

    Returns
    -------
    int
        0 done, 1 findings that stop, 2 a mistake in the call or in the files, 130 interrupted.

    Examples
    --------
    >>> main(["schema", "mrr"])  # doctest: +ELLIPSIS
    mrr: ...
    0
    """
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except InvalidTablesError as error:
        _complain(told(error, _settings(arguments)))
        return FINDINGS
    except BrokenPipeError:  # the reader of a pipe, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except OSError as error:
        _complain(f"{error.filename}: {error.strerror}." if error.filename else str(error))
        return USAGE
    except DataError as error:
        _complain(told(error, _settings(arguments)))
        return USAGE
    return code


def _settings(arguments: argparse.Namespace) -> str:
    """Return the file of settings that the command is given; "" where it is given a folder."""
    folder = getattr(arguments, "folder", "")
    return folder if folder.lower().endswith(".toml") else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="saasmetrics",
        description="SaaS unit economics and retention from a company's own exports.",
        epilog=_EXIT,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _demo_words(commands)
    _check_words(commands)
    _report_words(commands)
    import_command.words(_command(commands, "import", _import, "make tables of raw exports"))
    words = _command(commands, "metrics", _metrics, "list the metrics, or define one")
    words.add_argument("id", nargs="?", metavar="ID", help="id of a metric, such as nrr")
    words = _command(commands, "schema", _schema, "show the columns of a table")
    words.add_argument(
        "table", nargs="?", metavar="TABLE", help="name of a table; without, all tables"
    )
    return parser


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    words: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=_EXIT
    )
    words.set_defaults(run=run)
    return words


def _demo_words(commands: Any) -> None:
    words = _command(commands, "demo", _demo, "write the tables of a made-up company")
    words.add_argument("folder", nargs="?", default="demo", metavar="FOLDER", help="default: demo")
    words.add_argument("--customers", type=_count, default=2000, metavar="N", help="default: 2000")
    words.add_argument("--seed", type=int, default=7, metavar="N", help="default: 7")


def _check_words(commands: Any) -> None:
    words = _command(commands, "check", _check, "report what is wrong or doubtful in the tables")
    _book_words(words)
    check_command.words(words)


def _report_words(commands: Any) -> None:
    text = (
        "write the board pack of a file of settings, or the retention review of a folder of tables"
    )
    words = _command(commands, "report", _report, text)
    _book_words(
        words, "board.toml for the pack, or a folder with one file per table for the review"
    )
    words.add_argument(
        "--out",
        metavar="PLACE",
        help="folder of the packs (default: packs), or page of the review (review.html)",
    )
    words.add_argument(
        "--since",
        metavar="FILE",
        help="the last pack; by default the newest in the folder of the packs",
    )
    words.add_argument(
        "--csv", metavar="DIR", help="folder of the CSV files; default: named like the page"
    )
    words.add_argument("--title", metavar="TEXT", help="title of the page")
    words.add_argument(
        "--margin",
        type=_share,
        metavar="SHARE",
        help="gross margin, such as 0.8, if no table has it",
    )


def _book_words(
    words: argparse.ArgumentParser, what: str = "folder with one file per table"
) -> None:
    words.add_argument("folder", metavar="FOLDER", help=what)
    words.add_argument(
        "--policy", default="default", metavar="NAME", help="definition choices: a preset or a file"
    )
    words.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="CHOICE=VALUE",
        help="another choice, such as overlap=latest; METRICS.md has all; can be given several times",
    )
    words.add_argument("--as-of", metavar="DATE", help="last day known, such as 2026-03-31")
    text = "remedies to replay, by default remedies.toml in the folder; none for none"
    words.add_argument("--remedies", metavar="FILE", help=text)
    import_command.ways(words)
    words.add_argument(
        "--cache", metavar="DIR", help="folder in which results are kept for next time"
    )
    words.add_argument("--currency", metavar="CODE", help="reporting currency, such as EUR")
    words.add_argument(
        "--fiscal-start",
        type=int,
        default=1,
        metavar="MONTH",
        help="first month of the fiscal year",
    )


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share such as 0.8")
    return number


def _demo(arguments: argparse.Namespace) -> int:
    from saasmetrics import sample
    from saasmetrics.asked import whole

    whole("--customers", arguments.customers, 1, "how many customers the company had", sample.MOST)
    folder = Path(arguments.folder)
    with _progress(1, "Writing the demo company") as done:
        try:
            sample.write(folder, arguments.customers, arguments.seed)
        except FileExistsError:
            if not sample.is_written(folder, arguments.customers, arguments.seed):
                raise
        done("demo")
    _say(f"{len(list(folder.glob('*.csv')))} tables of a made-up company: {folder}")
    return DONE


def _check(arguments: argparse.Namespace) -> int:
    return FINDINGS if check_command.run(arguments, _book(arguments), _say) else DONE


def _import(arguments: argparse.Namespace) -> int:
    import_command.run(arguments, lambda text: _say(as_flags(text)))
    return DONE


def _report(arguments: argparse.Namespace) -> int:
    if _settings(arguments):
        return _pack(arguments)
    if arguments.since is not None:
        raise DataError(
            "--since compares board packs; give the settings of one: report board.toml."
        )
    arguments.out = arguments.out or "review.html"
    return _review(arguments)


def _pack(arguments: argparse.Namespace) -> int:
    from saasmetrics.board.every_month import monthly

    defaults = {"policy": "default", "set": [], "fiscal_start": 1}
    alone = ("csv", "title", "margin", "dayfirst", "decimal", "encoding", "remedies")
    for name in (*alone, *defaults):
        if getattr(arguments, name) != defaults.get(name):
            option = name.replace("_", "-")
            there = ' Write policy = "file.json" there.' if name in ("policy", "set") else ""
            raise DataError(
                f"--{option} is not for a board pack: its settings are in {arguments.folder}.{there}"
            )
    given: dict[str, Any] = {
        "as_of": _day(arguments.as_of),
        "currency": arguments.currency,
        "since": arguments.since,
        "cache": arguments.cache,
    }
    with _progress(20, "Board pack") as done:
        given["words"] = lambda text: as_flags(text, Path(arguments.folder).name)
        made = monthly(arguments.folder, arguments.out or "packs", done=done, **given)
    _say(str(made))
    return DONE


def _review(arguments: argparse.Namespace) -> int:
    from saasmetrics.board import review
    from saasmetrics.board.outputs import review_places
    from saasmetrics.board.printed import printed
    from saasmetrics.board.remedies import reworded_review
    from saasmetrics.board.sections import plan

    out, csv = review_places(arguments.folder, arguments.out, arguments.csv)
    with _progress(2 * len(plan()) + 4, "Retention review") as done:
        book = _book(arguments)
        done("read")
        made = review(book, title=arguments.title, margin=arguments.margin, done=done)
        found = reworded_review(made, as_flags)
        page, *files = found.to_files(out, csv, done=done)
        done("csv")
    for line in printed(found):
        _say(line)
    _say(f"\n{page}\n{len(files)} CSV files in {csv}")
    return DONE


def _metrics(arguments: argparse.Namespace) -> int:
    import saasmetrics as sm
    from saasmetrics.catalogue import definition

    catalogue = sm.CATALOGUE
    if arguments.id is not None:
        _say(str(definition(arguments.id)))
        return DONE
    rows = [
        (m.id, m.name + (f" ({m.abbr})" if m.abbr else ""), m.unit, m.meaning)
        for m in catalogue.values()
    ]
    _table(("id", "name", "unit", "meaning"), sorted(rows))
    return DONE


def _schema(arguments: argparse.Namespace) -> int:
    from saasmetrics.errors import UnknownNameError
    from saasmetrics.tables import SCHEMA

    if arguments.table is None:
        _table(("table", "meaning"), [(name, table.meaning) for name, table in SCHEMA.items()])
        return DONE
    if arguments.table not in SCHEMA:
        raise UnknownNameError.of("table", arguments.table, SCHEMA)
    table = SCHEMA[arguments.table]
    _say(f"{arguments.table}: {table.meaning}")
    rows = [
        (c.name, c.dtype, "required" if c.required else "", c.unit or "", _meaning(c))
        for c in table.columns.values()
    ]
    _table(("column", "type", "", "unit", "meaning"), rows)
    return DONE


def _meaning(column: Any) -> str:
    choices = f" One of: {', '.join(column.choices)}." if column.choices else ""
    default = f" Default: {column.default}." if column.default is not None else ""
    return f"{column.meaning}{choices}{default}"


def _book(arguments: argparse.Namespace) -> Book:
    import saasmetrics as sm

    book: Book = sm.read(
        arguments.folder,
        policy=_policy(arguments.policy, arguments.set),
        currency=arguments.currency,
        fiscal_start=arguments.fiscal_start,
        as_of=_day(arguments.as_of),
        dayfirst=arguments.dayfirst,
        decimal=arguments.decimal,
        encoding=arguments.encoding,
        remedies=False if arguments.remedies == "none" else arguments.remedies,
        cache=arguments.cache,
    )
    return book


def _policy(name: str, choices: list[str]) -> Policy:
    """Return the policy of a name, or of a file, with the choices set beside it."""
    from saasmetrics.policy import resolve

    given: dict[str, int | str | None] = {}
    for text in choices:
        choice, equals, value = text.partition("=")
        if not equals:
            msg = f"--set {text} is not a choice with its value, such as --set overlap=latest."
            raise DataError(msg)
        given[choice] = int(value) if value.isdigit() and choice != "day" else value
    return resolve(name).changed(**given)


def _day(text: str | None) -> str | None:
    from datetime import date

    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise DataError(f"--as-of takes a date such as 2026-03-31, not {text!r}.") from error


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print columns aligned; the last one runs on."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head) - 1)]
    for row in [head, *rows]:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        _say("  ".join([*cells, row[-1]]).rstrip())


@contextmanager
def _progress(steps: int, title: str) -> Iterator[Callable[[str], None]]:
    """Show a bar on the error stream, where there is a person to see it."""
    from tqdm import tqdm

    with tqdm(total=steps, desc=title, file=sys.stderr, leave=False, disable=None) as bar:

        def done(part: str) -> None:
            bar.set_postfix_str(part, refresh=False)
            bar.update()

        yield done


def _say(text: str) -> None:
    sys.stdout.write(f"{printable(text)}\n")


def _complain(text: str) -> None:
    sys.stderr.write(f"saasmetrics: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
