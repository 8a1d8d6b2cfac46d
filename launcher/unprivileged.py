"""The account for PostgreSQL when we are root: the server refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

_ACCOUNTS = ("postgres", "nobody")
_FALLBACK_PARENT = Path("/var/tmp")  # noqa: S108  (survives a reboot; ownership is checked below)


class AccountError(RuntimeError):
    """We are root and may not become anybody else."""


@dataclass(frozen=True)
class Account:
    """Who runs the server: arguments for `subprocess`, empty when that is ourselves."""

    uid: int
    gid: int
    dropped: bool

    @property
    def popen_arguments(self) -> dict[str, object]:
        """Keyword arguments that make `subprocess` start a program as this account."""
        if not self.dropped:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give `path` to this account, closed to all others."""
        if self.dropped:
            os.chown(path, self.uid, self.gid)
        path.chmod(0o700)

    def may(self, test: str, path: Path) -> bool:
        """Ask the system itself: `test` is `-x`, `-r` … of test(1)."""
        if not self.dropped:
            return True
        program = shutil.which("test") or "/usr/bin/test"
        answer = subprocess.run([program, test, str(path)], cwd="/", check=False, **self.popen_arguments)  # type: ignore[call-overload]
        return bool(answer.returncode == 0)


def account_for(data: Path) -> Account:
    """The owner of the cluster at `data`; for a new one ourselves, or as root a system account."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), dropped=False)
    if data.exists() and data.stat().st_uid != 0:
        owner = data.stat()
        return Account(owner.st_uid, owner.st_gid, dropped=True)
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, dropped=True)
    raise AccountError(
        "PostgreSQL does not run as root, and this machine has neither a 'postgres' nor a 'nobody' "
        "account. Start as an ordinary user, or set DATABASE_URL to a server of your own."
    )


def fallback_path(directory: Path) -> Path:
    """Where the fallback folder of `directory` is, or would be."""
    return _FALLBACK_PARENT / f"kuaidan-{sha256(str(directory).encode()).hexdigest()[:16]}"


def fallback_folder(directory: Path) -> Path:
    """A folder that any account can enter, always the same one for `directory`.

    Raises PermissionError when somebody else made a folder of that name first.
    """
    folder = fallback_path(directory)
    folder.mkdir(mode=0o711, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.geteuid():
        raise PermissionError(f"{folder} exists and is not ours: remove it, or set DATABASE_URL.")
    folder.chmod(0o711)
    return folder
