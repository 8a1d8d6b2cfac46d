"""The channels that money can go through, by code; a new channel is a module and one line here."""

from __future__ import annotations

from app.kit.errors import NotFound
from app.payments.channels import alipay, manual, simulator, stripe, unionpay, wechat
from app.payments.providers import Channel

CHANNELS: dict[str, Channel] = {
    module.CHANNEL.code: module.CHANNEL
    for module in (
        wechat,
        alipay,
        unionpay,
        stripe,
        simulator,
        manual,
    )
}
"""In the order in which people see them."""


def channel_of(code: str) -> Channel:
    """The channel with this code. Raises NotFound("channel_unknown")."""
    if code not in CHANNELS:
        raise NotFound("channel_unknown", channel=code)
    return CHANNELS[code]
