"""Demo staff: one person a role, each with a password made on the spot and told in one file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.console.roles import Role
from app.shops import shops

FILE = "demo_staff.txt"
PEOPLE = {
    "manager": Role.MANAGER,
    "merchant": Role.MERCHANT,
    "agent": Role.AGENT,
    "auditor": Role.AUDITOR,
}
"""User name: role. The administrator is made by `flask prepare`."""


def hire(security: Any, folder: Path) -> list[str]:
    """Make the people who are not there yet and return their names; needs no open transaction.

    FAB's security manager commits by itself, so this stands outside of `transaction()`. Each password is
    written to `folder`/demo_staff.txt (mode 600) before its user exists, so that none is ever lost.
    """
    hired = []
    for username, role in PEOPLE.items():
        if security.find_user(username=username) is not None:
            continue
        password = secrets.token_urlsafe(12)
        _note(folder / FILE, f"{username}\t{password}\t{role.value}\n")
        found = security.find_role(role.value)
        if not security.add_user(username, username.title(), "Demo", f"{username}@localhost", found, password):
            raise RuntimeError(f"the demo user {username} could not be created; see the log above")
        hired.append(username)
    return hired


def let_in(session: Session, security: Any, shop_ids: Iterable[int]) -> None:
    """Make the demo staff members of these shops; needs an open transaction, twice is once."""
    users = [security.find_user(username=username) for username in PEOPLE]
    for shop_id in shop_ids:
        for user in users:
            if user is not None:
                shops.add_member(shop_id, user.id)
    session.flush()


def _note(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as stream:
        stream.write(line)
