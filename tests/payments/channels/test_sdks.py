"""The pinned SDK is in this very environment: what test_vectors.py proves with it is never skipped."""

from __future__ import annotations

from tests.conftest import ROOT


def _pinned(name: str) -> dict[str, str]:
    lines = (ROOT / "requirements" / name).read_text("utf-8").splitlines()
    pairs = [line.split("#")[0].strip().partition("==") for line in lines]
    return {package.partition("[")[0].lower(): version for package, by, version in pairs if by}


def test_the_sdk_that_the_product_uses_is_installed_as_pinned() -> None:
    from importlib.metadata import version

    assert version("wechatpayv3") == _pinned("runtime.in")["wechatpayv3"]
