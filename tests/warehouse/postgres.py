"""A PostgreSQL of the tests' own: on loopback, in a temporary folder, gone when they end, however they do."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from psycopg import sql

PLACES = ("/usr/lib/postgresql", "/usr/pgsql", "/usr/local/pgsql", "/opt/homebrew/opt/postgresql")
DATABASE = "company"
OWNER, ANALYST, READER = "saas_owner", "saas_analyst", "saas_reader"
TYPES = (
    (pa.types.is_string, "text"),
    (pa.types.is_large_string, "text"),
    (pa.types.is_dictionary, "text"),
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "bigint"),
    (pa.types.is_floating, "double precision"),
    (pa.types.is_date, "date"),
    (pa.types.is_timestamp, "timestamp"),
    (pa.types.is_null, "text"),
)
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB")
WAIT = 60.0
# Waits until its input ends, which it does however the test process ends; then stops the server and removes its folder.
WATCH = """cat > /dev/null; kill -INT "$1"
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$1" || break; sleep 0.5; done; rm -rf "$2" """


@dataclass
class Postgres:
    """A running server, with one database and three roles.

    `OWNER` may do everything, `ANALYST` may read and make temporary tables, `READER` may only read.
    """

    port: int
    password: str
    process: subprocess.Popen[bytes]
    watch: subprocess.Popen[bytes]
    _number: Iterator[int] = field(default_factory=count)

    def url(self, role: str = READER) -> str:
        """Where a role finds the database."""
        return f"postgresql://{role}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def connect(self, role: str = OWNER) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a connection that commits each statement."""
        return psycopg.connect(self.url(role), autocommit=True)

    def load(self, tables: Mapping[str, pa.Table], schema: str | None = None) -> str:
        """Write tables into a schema of their own, which every role may read; return its name."""
        name = schema or f"ledger_{next(self._number)}"
        with self.connect() as connection:
            place = sql.Identifier(name)
            connection.execute(sql.SQL("create schema {}").format(place))
            for table, data in tables.items():
                _copy(connection, sql.Identifier(name, table), data)
            roles = sql.SQL(", ").join(map(sql.Identifier, (ANALYST, READER)))
            for right in ("usage on schema {}", "select on all tables in schema {}"):
                grant = sql.SQL("grant " + right + " to {}")
                connection.execute(grant.format(place, roles))
        return name

    def drop(self, schema: str) -> None:
        """Remove a schema and what is in it."""
        with self.connect() as connection:
            connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))

    @contextmanager
    def ibis(self, schema: str, role: str = READER) -> Iterator[Any]:
        """Open an Ibis connection whose tables are those of a schema."""
        import ibis

        place = {"host": "127.0.0.1", "port": self.port, "database": DATABASE, "schema": schema}
        connection = ibis.postgres.connect(user=role, password=self.password, **place)
        try:
            yield connection
        finally:
            connection.disconnect()


def _copy(
    connection: psycopg.Connection[tuple[Any, ...]], name: sql.Identifier, data: pa.Table
) -> None:
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(f.name), sql.SQL(_type(f.type))) for f in data.schema
    )
    connection.execute(sql.SQL("create table {} ({})").format(name, columns))
    rows = zip(*(column.to_pylist() for column in data.columns), strict=True)
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("copy {} from stdin").format(name)) as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _type(kind: pa.DataType) -> str:
    return next(name for is_it, name in TYPES if is_it(kind))


def programs() -> Path | None:
    """Return the folder of the server's programs, which Debian keeps off the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = [Path(place) for place in PLACES]
    binaries = [path.parent for folder in folders for path in folder.glob("**/bin/initdb")]
    return max(binaries, default=None)


@contextmanager
def started() -> Iterator[Postgres]:
    """Start a server and stop it in the end; a test that wants one is skipped where none is installed."""
    binaries = programs()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed: scripts/install_programs.sh says how")
    # Not below the folders of pytest, which only their owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="saasmetrics_postgres_"))
    server = None
    try:
        server = _start(binaries, folder)
        _prepare(server)
        yield server
    finally:
        if server is not None:
            _unwatch(server.watch)
            _stop(server.process)
        shutil.rmtree(folder, ignore_errors=True)


def _start(binaries: Path, folder: Path) -> Postgres:
    user = _user()
    if user:
        shutil.chown(folder, **user)
    password, secret = secrets.token_hex(16), folder / "password"
    secret.write_text(password)
    if user:
        shutil.chown(secret, **user)
    options = {"cwd": folder, "stdin": subprocess.DEVNULL, **user}
    if user:
        options["extra_groups"] = []
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
    wanted = f"-D data -U {OWNER} -A scram-sha-256 --pwfile password -E UTF8 --no-sync"
    made = subprocess.run(
        [binaries / "initdb", *wanted.split()],
        capture_output=True,
        text=True,
        env=environment,
        **options,
    )
    assert made.returncode == 0, made.stderr
    port = _free_port()
    settings = ("listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=", *QUICK)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", "data", *(f"-c{setting}" for setting in settings)],
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=environment,
            **options,
        )
    watch = _watched(process, folder)
    _wait(process, folder, f"postgresql://{OWNER}:{password}@127.0.0.1:{port}/postgres")
    return Postgres(port, password, process, watch)


def _watched(process: subprocess.Popen[bytes], folder: Path) -> subprocess.Popen[bytes]:
    """Start what stops the server once this process is gone, also if it is killed; in a session of its own."""
    return subprocess.Popen(
        ["/bin/sh", "-c", WATCH, "watch", str(process.pid), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _unwatch(watch: subprocess.Popen[bytes]) -> None:
    watch.kill()
    watch.wait()
    if watch.stdin is not None:
        watch.stdin.close()


def _user() -> dict[str, Any]:
    """Return whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    found = pwd.getpwnam("postgres" if "postgres" in known else "nobody")
    return {"user": found.pw_uid, "group": found.pw_gid}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], folder: Path, url: str) -> None:
    """Wait until the server answers."""
    end = time.monotonic() + WAIT
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            log = folder / "log"
            if process.poll() is not None or time.monotonic() > end:
                _stop(process)
                pytest.fail(f"PostgreSQL did not start:\n{log.read_text()}")
            time.sleep(0.05)
        else:
            return


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # to PostgreSQL: end all sessions and stop
        try:
            process.wait(WAIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _prepare(server: Postgres) -> None:
    """Make the database and the roles; only the owner and the analyst may make temporary tables."""
    admin = server.url(OWNER).rsplit("/", 1)[0] + "/postgres"
    with psycopg.connect(admin, autocommit=True) as connection:
        base = sql.Identifier(DATABASE)
        connection.execute(sql.SQL("create database {}").format(base))
        connection.execute(sql.SQL("revoke temporary on database {} from public").format(base))
        for role in (ANALYST, READER):
            make = sql.SQL("create role {} login password {}")
            connection.execute(make.format(sql.Identifier(role), sql.Literal(server.password)))
        grant = sql.SQL("grant temporary on database {} to {}")
        connection.execute(grant.format(base, sql.Identifier(ANALYST)))
