"""Settings: the one place that reads the environment; docs/settings.md is generated from `SETTINGS`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent


class SettingsError(RuntimeError):
    """A setting is missing or unusable; the message says which one and what to do."""


@dataclass(frozen=True)
class Setting:
    """One environment variable: its kind (`str`, `int`, `bool`, `path`), default and reason."""

    name: str
    kind: str
    default: str
    why: str
    secret: bool = False


SETTINGS = (
    Setting(
        "KUAIDAN_ENV",
        "str",
        "development",
        "`production` refuses default secrets and plain cookies.",
    ),
    Setting(
        "DATABASE_URL",
        "str",
        "",
        "PostgreSQL 16+; empty lets `make run` start its own.",
        secret=True,
    ),
    Setting("REDIS_URL", "str", "", "Redis 6.2+; empty lets `make run` start its own.", secret=True),
    Setting(
        "SECRET_KEY",
        "str",
        "",
        "Signs sessions and CSRF tokens; 32 random bytes or more.",
        secret=True,
    ),
    Setting(
        "KUAIDAN_SEALING_KEYS",
        "str",
        "",
        "Keys that encrypt channel credentials, as `name:secret,older:secret`; the first seals, all open. "
        "Empty derives one from SECRET_KEY.",
        secret=True,
    ),
    Setting(
        "KUAIDAN_PUBLIC_URL",
        "str",
        "",
        "Address under which payment channels and buyers reach this installation; empty takes that of the request.",
    ),
    Setting("KUAIDAN_STATE_DIR", "path", "var", "Uploads, report files, logs and the embedded servers."),
    Setting(
        "KUAIDAN_PROXY_HOPS",
        "int",
        "0",
        "Trusted reverse proxies in front; X-Forwarded-* is read so far.",
    ),
    Setting("KUAIDAN_LOG_LEVEL", "str", "INFO", "DEBUG, INFO, WARNING or ERROR."),
    Setting(
        "KUAIDAN_METRICS_TOKEN",
        "str",
        "",
        "Bearer token for /metrics; empty allows loopback only.",
        secret=True,
    ),
    Setting(
        "PROMETHEUS_MULTIPROC_DIR",
        "str",
        "",
        "Folder, empty at start, where the web processes share their counters; empty counts each process alone.",
    ),
    Setting("KUAIDAN_MAX_UPLOAD_MB", "int", "200", "Largest upload accepted, in mebibytes."),
    Setting("KUAIDAN_SIGN_IN_LIMIT", "str", "10 per minute", "Sign-in attempts allowed per address."),
    Setting("KUAIDAN_API_LIMIT", "str", "600 per minute", "Calls that one API key may make; a bulk call counts ten."),
    Setting(
        "KUAIDAN_IDLE_MINUTES",
        "int",
        "30",
        "A session ends after so many minutes without a request.",
    ),
    Setting(
        "KUAIDAN_WEBHOOK_HOSTS",
        "str",
        "",
        "Names or addresses, with commas, that webhooks may go to although they lie in a private network.",
    ),
    Setting(
        "KUAIDAN_SANDBOX_URL",
        "str",
        "",
        "Where emulated payment gateways listen; `make run` sets it (KUAIDAN_SANDBOX=0: none), production refuses it.",
    ),
    Setting("KUAIDAN_SAMPLE_DATA", "path", "sample_data", "Folder of the demo data set."),
)


def read(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Every setting, typed. `NAME_FILE` names a file that holds the value. Raises SettingsError."""
    values = {setting.name: _typed(setting, _raw(setting, environ)) for setting in SETTINGS}
    _refuse_missing(values)
    return values


def _raw(setting: Setting, environ: Mapping[str, str]) -> str:
    file = environ.get(f"{setting.name}_FILE")
    if not file:
        return environ.get(setting.name, setting.default)
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{setting.name}_FILE names {file}, which cannot be read: {error}") from error


def _typed(setting: Setting, raw: str) -> Any:
    if setting.kind == "int":
        try:
            return int(raw)
        except ValueError as error:
            raise SettingsError(f"{setting.name} must be a whole number, not {raw!r}.") from error
    if setting.kind == "path":
        return (ROOT / raw).resolve()
    if setting.name == "DATABASE_URL":
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", raw)  # as providers write it
    return raw


def _refuse_missing(values: dict[str, Any]) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
        if not values[name]:
            raise SettingsError(f"{name} is not set; start with `make run`, or set it (see docs/settings.md).")
    if values["KUAIDAN_ENV"] == "production" and len(values["SECRET_KEY"]) < 32:
        raise SettingsError("SECRET_KEY is shorter than 32 characters; production refuses it.")
    if values["KUAIDAN_ENV"] == "production" and values["KUAIDAN_SANDBOX_URL"]:
        raise SettingsError("KUAIDAN_SANDBOX_URL is set: production pays through real gateways only.")


def flask_config(values: dict[str, Any]) -> dict[str, Any]:
    """The settings as Flask, FAB, Babel, SQLAlchemy and Limiter expect them."""
    production = values["KUAIDAN_ENV"] == "production"
    return {
        **values,
        "MAX_CONTENT_LENGTH": values["KUAIDAN_MAX_UPLOAD_MB"] * 1024 * 1024,
        **_database(values),
        **_sessions(values, secure=production),
        **_appbuilder(),
        "RATELIMIT_ENABLED": True,
        "RATELIMIT_STORAGE_URI": values["REDIS_URL"],
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,  # Redis down must not lock everybody out
        "BABEL_DEFAULT_LOCALE": "zh",
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
        "LANGUAGES": {
            "zh": {"flag": "cn", "name": "中文"},
            "en": {"flag": "gb", "name": "English"},
        },
    }


def _database(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "SQLALCHEMY_DATABASE_URI": values["DATABASE_URL"],
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_size": 6,
            "max_overflow": 6,
            "connect_args": {"connect_timeout": 3, "options": "-c jit=off -c timezone=UTC"},
        },
    }


def _sessions(values: dict[str, Any], *, secure: bool) -> dict[str, Any]:
    return {
        # The __Host- prefix is honoured by browsers only over TLS.
        "SESSION_COOKIE_NAME": "__Host-kuaidan" if secure else "kuaidan",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": values["KUAIDAN_IDLE_MINUTES"] * 60,
        "WTF_CSRF_TIME_LIMIT": None,  # the token lives as long as its session
    }


def _appbuilder() -> dict[str, Any]:
    return {
        "FAB_CREATE_DB": False,  # the tables come from migrations
        "FAB_UPDATE_PERMS": False,  # permissions are written by `flask prepare`, not by web workers
        "FAB_ADD_SECURITY_API": False,
        "FAB_PASSWORD_COMPLEXITY_ENABLED": True,
        "AUTH_TYPE": 1,
        "AUTH_ROLE_ADMIN": "Administrator",
        "AUTH_RATE_LIMITED": True,
        "APP_NAME": "Kuaidan",
    }
