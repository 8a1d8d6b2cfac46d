"""Kept files: named by content, written all or not; nothing half-made stays."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from app.kit import clock, files
from app.kit.errors import NotFound

pytestmark = pytest.mark.usefixtures("app")


def test_the_same_content_is_kept_once_under_its_hash() -> None:
    addresses = []
    for _ in range(2):
        with files.making(".txt") as path:
            path.write_text("tea")
            addresses.append(files.keep(path))

    assert addresses[0] == addresses[1]
    assert files.path_of(addresses[0]).read_text() == "tea"


def test_a_file_that_was_not_finished_is_removed() -> None:
    with pytest.raises(RuntimeError), files.making(".txt") as path:
        path.write_text("half")
        raise RuntimeError

    assert not path.exists()


@pytest.mark.parametrize("address", ["nothing.txt", "../../etc/passwd", "ab/../../secret", ""])
def test_no_address_leads_out_of_the_folder(address: str) -> None:
    with pytest.raises(NotFound):
        files.path_of(address)


def test_what_a_killed_process_left_is_removed_after_a_day() -> None:
    old, fresh = files.scratch(".txt"), files.scratch(".txt")
    long_ago = (clock.now() - timedelta(hours=25)).timestamp()
    os.utime(old, (long_ago, long_ago))

    assert files.sweep() == 1
    assert (old.exists(), fresh.exists()) == (False, True)
    fresh.unlink()
