"""Where things are: the checkout, its virtual environment, and the state folder."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"


def state_dir() -> Path:
    """The folder of everything this installation remembers (KUAIDAN_STATE_DIR, else var/)."""
    return Path(os.environ.get("KUAIDAN_STATE_DIR") or ROOT / "var").resolve()


def private_folder(path: Path, *, leads_to_cluster: bool = False) -> Path:
    """Make `path` if need be, closed to everybody but its owner.

    A cluster started by root belongs to another user, who must walk through the folders above it:
    there root leaves the bare right to enter (0711), never the right to list.
    """
    path.mkdir(parents=True, exist_ok=True)
    mode = 0o711 if leads_to_cluster and os.geteuid() == 0 else 0o700
    if path.stat().st_uid == os.geteuid() and path.stat().st_mode & 0o777 != mode:
        path.chmod(mode)
    return path


def write_private(path: Path, text: str) -> None:
    """Replace the file at `path` in one step, mode 0600."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)
