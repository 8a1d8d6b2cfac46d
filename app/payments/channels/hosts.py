"""Where gateways live. No account can send money's words anywhere else: official hosts, or the declared sandbox."""

from __future__ import annotations

from urllib.parse import urlsplit

OFFICIAL = frozenset(
    {
        "api.mch.weixin.qq.com",
        "api2.mch.weixin.qq.com",
        "openapi.alipay.com",
        "dwbillcenter.alipay.com",
        "gateway.95516.com",
        "filedownload.95516.com",
        "api.stripe.com",
    }
)
TEST = frozenset(
    {
        "openapi-sandbox.dl.alipaydev.com",
        "dwbillcenter.alipaydev.com",
        "gateway.test.95516.com",
        "filedownload.test.95516.com",
    }
)
"""The channels' own test environments, on the internet."""

SANDBOX_PATHS = {
    "wechat": "/wechat",
    "alipay": "/alipay/gateway.do",
    "unionpay": "/unionpay",
    "stripe": "/stripe/{shop}",
}
"""Where each emulated gateway stands behind the sandbox's address."""

_sandboxes: set[str] = set()


class HostRefused(Exception):
    """The address is no gateway's."""


def open_sandbox(url: str) -> None:
    """Allow the emulators at `url`, too: the factory calls it for KUAIDAN_SANDBOX_URL, which production refuses."""
    _sandboxes.add(_root(url))


def close_sandbox(url: str) -> None:
    """Take that back."""
    _sandboxes.discard(_root(url))


def is_sandbox(url: str) -> bool:
    """Whether the address lies in a sandbox that was opened."""
    return _root(url) in _sandboxes


def sandbox_page(gateway_url: str, key: str) -> str:
    """Where a buyer pays a trade of an emulated gateway; empty for real ones. `key`: our number, Stripe's session."""
    if not is_sandbox(gateway_url):
        return ""
    return f"{gateway_url.removesuffix('/gateway.do')}/pay/{key}"


def form_target(url: str) -> str:
    """The source for `form-action` that lets a form go to this gateway and on to its other hosts."""
    parts = urlsplit(url)
    family = (parts.hostname or "").partition(".")[2]
    return f"https://*.{family}" if parts.hostname in OFFICIAL | TEST else f"{parts.scheme}://{parts.netloc}"


def check(url: str) -> None:
    """Nothing, for an address that may be called. Raises HostRefused for any other."""
    parts = urlsplit(url)
    if "@" in parts.netloc or "\\" in url:
        raise HostRefused(parts.netloc)
    if is_sandbox(url):
        return
    if parts.scheme != "https" or parts.hostname not in OFFICIAL | TEST or parts.port not in (None, 443):
        raise HostRefused(parts.netloc)


def is_allowed(url: str) -> bool:
    """Whether `check` lets it pass; for the form where an account is edited."""
    try:
        check(url)
    except (HostRefused, ValueError):
        return False
    return True


def is_loopback(url: str) -> bool:
    """Whether it is this very machine; a simulator may live there, a gateway never does."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname == "127.0.0.1" and "@" not in parts.netloc


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
