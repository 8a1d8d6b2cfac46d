"""Settings: typed, from files where they are secret, refused when unusable, used and written down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import config
from tests.conftest import ROOT

COMPLETE = {"DATABASE_URL": "postgresql://a:b@db/k", "REDIS_URL": "redis://r", "SECRET_KEY": "x" * 40}


def test_a_database_address_gets_our_driver() -> None:
    assert config.read(COMPLETE)["DATABASE_URL"] == "postgresql+psycopg://a:b@db/k"


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "SECRET_KEY"])
def test_what_nobody_can_do_without_is_asked_for_by_name(name: str) -> None:
    with pytest.raises(config.SettingsError, match=name):
        config.read({**COMPLETE, name: ""})


def test_production_refuses_a_short_secret() -> None:
    assert config.read({**COMPLETE, "SECRET_KEY": "short"})["SECRET_KEY"] == "short"
    with pytest.raises(config.SettingsError, match="32"):
        config.read({**COMPLETE, "SECRET_KEY": "short", "KUAIDAN_ENV": "production"})


def test_production_sends_its_cookie_over_tls_alone() -> None:
    flask_config = config.flask_config(config.read({**COMPLETE, "KUAIDAN_ENV": "production"}))

    assert (flask_config["SESSION_COOKIE_SECURE"], flask_config["SESSION_COOKIE_NAME"]) == (True, "__Host-kuaidan")


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 40 + "\n")

    values = config.read({**COMPLETE, "SECRET_KEY": "", "SECRET_KEY_FILE": str(tmp_path / "key")})

    assert values["SECRET_KEY"] == "k" * 40


def test_a_secret_file_that_is_not_there_is_named() -> None:
    with pytest.raises(config.SettingsError, match="/nowhere/key"):
        config.read({**COMPLETE, "SECRET_KEY_FILE": "/nowhere/key"})


def test_a_number_that_is_none_is_named() -> None:
    with pytest.raises(config.SettingsError, match="KUAIDAN_PROXY_HOPS must be a whole number, not 'two'"):
        config.read({**COMPLETE, "KUAIDAN_PROXY_HOPS": "two"})


def test_every_setting_is_used_and_the_example_shows_it_with_its_default() -> None:
    product = "".join(p.read_text("utf-8") for p in [*(ROOT / "app").rglob("*.py"), ROOT / "config.py"])
    example = (ROOT / ".env.example").read_text("utf-8")

    for setting in config.SETTINGS:
        uses = re.findall(rf'\["{setting.name}"\]|"{setting.name}"', product)
        assert len(uses) >= 2, f"{setting.name} is defined and never used"
        assert re.search(rf"^#{setting.name}={re.escape(setting.default)}", example, re.MULTILINE), setting.name


def test_nothing_but_config_reads_the_environment() -> None:
    readers = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "app").rglob("*.py")
        if re.search(r"os\.(environ|getenv)", path.read_text("utf-8"))
    ]

    assert readers == []
