"""Other people's clients get along with our emulated gateways: these speak the protocols, not our dialect."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.gateways.gateway import Notice
from tests.payments.channels import stages

REQUIRED = os.environ.get("KUAIDAN_REQUIRE_PEERS") == "1"
"""Where the environment must be there, such as in continuous integration: missing, the test fails."""
PEERS = Path(os.environ.get("KUAIDAN_PAYMENT_PEERS", ROOT / "var/vectors/bin/python"))


@pytest.mark.slow
@pytest.mark.skipif(
    not PEERS.exists() and not REQUIRED,
    reason="`make peers` has not made the environment of other people's clients (KUAIDAN_REQUIRE_PEERS=1 demands it)",
)
def test_other_peoples_clients_pay_ask_refund_and_hear() -> None:
    with ExitStack() as stack:
        asked = {code: _facts(stack, code) for code in ("wechat", "alipay", "stripe")}
        command = [str(PEERS), str(ROOT / "tools/payment_peers.py")]
        environ = {**os.environ, "TZ": "Asia/Shanghai"}  # python-alipay-sdk stamps with the machine's zone
        done = subprocess.run(
            command, input=json.dumps(asked), capture_output=True, text=True, check=False, env=environ
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "wechat": {"created": 200, "paid": "SUCCESS", "refunded": "PROCESSING", "asked": 40, "heard": "P000000001"},
        "alipay": {
            "created": "10000",
            "paid": "TRADE_SUCCESS",
            "refunded": "Y",
            "asked": "REFUND_SUCCESS",
            "heard": True,
        },
        "stripe": {
            "paid": "paid",
            "refunded": "pending",
            "same": True,
            "booked": ["charge"],
            "heard": "P000000001",
        },
    }


def _facts(stack: ExitStack, code: str) -> dict[str, Any]:
    bench = stack.enter_context(stages.running(stages.GATEWAYS[code]()))
    trade = stages.make_trade(bench)
    notice: Notice = bench.gateway.pay(trade.number)
    told = {"headers": notice.headers, "body": notice.body.decode()}
    url = bench.gateway.url + stages.PATHS.get(code, "")
    facts = {**bench.gateway.credentials(), "url": url, "paid": trade.number, "notice": told}
    return {**facts, "session": trade.channel_trade_no}
