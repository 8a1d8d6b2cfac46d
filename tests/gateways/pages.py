"""What a buyer sees of an emulated gateway: clearly no real money, one button to pay."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from tests.gateways.gateway import Gateway, Sale

NAMES = {"wechat": "微信支付 WeChat Pay", "alipay": "支付宝 Alipay", "unionpay": "银联 UnionPay", "stripe": "Stripe"}
_SHOWN = 100
_STYLE = """
body{font:16px/1.5 system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif;margin:0;background:#f6f7f9;color:#1b2430}
.band{background:#ffd43b;color:#1b2430;padding:.6rem 1rem;text-align:center;font-weight:600}
main{max-width:34rem;margin:1.5rem auto;padding:0 1rem}
.card{background:#fff;border:1px solid #d9dee5;border-radius:.5rem;padding:1.25rem;margin-bottom:1rem}
h1{font-size:1.35rem;overflow-wrap:anywhere;margin:.25rem 0}
.sum{font-size:1.75rem;font-weight:700;margin:.25rem 0 1rem}
button{font:inherit;padding:.6rem 1.1rem;border-radius:.4rem;border:1px solid #1b2430;background:#fff;color:#1b2430}
button.pay{background:#0b6bcb;border-color:#0b6bcb;color:#fff;width:100%;font-weight:600;margin-bottom:.6rem}
form{display:inline}table{width:100%;border-collapse:collapse}td{padding:.5rem .25rem;border-top:1px solid #e6e9ee}
.muted{color:#5b6675}a{color:#0b6bcb}button:focus-visible,a:focus-visible{outline:3px solid #ffa94d;outline-offset:2px}
"""


def page(title: str, body: str, status: int = 200) -> Response:
    """A whole page under the yellow band."""
    text = f"""<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{escape(title)}</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head><body>
<div class="band" role="note">沙箱：这里没有真钱 · Sandbox: no real money</div><main>{body}</main></body></html>"""
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(text, status, headers, content_type="text/html; charset=utf-8")


def index(gateways: dict[str, Gateway]) -> Response:
    """All trades, the newest first."""
    found = [(prefix, one, sale) for prefix, one in gateways.items() for sale in one.sales()]
    found.sort(key=lambda row: row[2].made_at, reverse=True)
    rows = "".join(_row(prefix, one, sale) for prefix, one, sale in found[:_SHOWN])
    empty = (
        "<p class=muted>还没有付款：请在结账页选择支付方式。<br>No payments yet: choose a way to pay at a checkout.</p>"
    )
    body = f"<h1>支付沙箱 Payment sandbox</h1><div class=card>{f'<table>{rows}</table>' if rows else empty}</div>"
    return page("Sandbox", body)


def _row(prefix: str, gateway: Gateway, sale: Sale) -> str:
    state = "已付款 paid" if sale.is_paid else "待付款 waiting" if sale.is_open else "已关闭 closed"
    link = f'<a href="/{prefix}/pay/{escape(sale.key)}">{escape(sale.number)}</a>'
    name = f"<br><span class=muted>{NAMES[gateway.code]}</span>"
    return f"<tr><td>{link}{name}</td><td>{escape(sale.amount)}</td><td>{state}</td></tr>"


def buyer(gateway: Gateway, request: Request) -> Response:
    """One trade: pay it, or say again that it was paid."""
    key = request.path.rpartition("/")[2]
    sale = next((one for one in gateway.sales() if one.key == key), None)
    if sale is None:
        return page("404", "<h1>没有这笔付款 No such payment</h1>", 404)
    back = request.values.get("back") or request.values.get("redirect_url") or sale.back
    if request.method == "POST":
        return _act(gateway, sale, request.form.get("act", ""), back if back.startswith("http") else "")
    return page(sale.number, _card(gateway, sale, back))


def _act(gateway: Gateway, sale: Sale, act: str, back: str) -> Response:
    with gateway.lock:
        if act == "again" and sale.is_paid:
            gateway.tell(gateway.payment_notice(sale.number))
        elif act in ("pay", "silent") and not sale.is_paid:
            tells, gateway.deliver = gateway.deliver, None if act == "silent" else gateway.deliver
            gateway.pay(sale.number)
            gateway.deliver = tells
    if back and act == "pay":
        return redirect(back, 307 if gateway.code == "unionpay" else 303)  # UnionPay's buyers come back by a form
    return redirect(f"?{urlencode({'back': back})}", 303)


def _card(gateway: Gateway, sale: Sale, back: str) -> str:
    keep = f'<input type="hidden" name="back" value="{escape(back)}">'
    head = (
        f"<p class=muted>{NAMES[gateway.code]}</p><h1>{escape(sale.title)}</h1><p class=sum>{escape(sale.amount)}</p>"
    )
    if sale.is_paid:
        again = (
            f"<form method=post>{keep}<button name=act value=again>再发一次通知 Send the notice again</button></form>"
        )
        home = f'<p><a href="{escape(back)}">回到商店 Back to the shop</a></p>' if back.startswith("http") else ""
        return f"<div class=card>{head}<p>✓ 已付款 Paid</p>{again}{home}</div>"
    late = "" if sale.is_open else "<p>商家已关闭这笔付款 The shop has closed this payment.</p>"
    pay = "<button class=pay name=act value=pay>付款 Pay</button>"
    silent = "<button name=act value=silent>付款，但通知丢失 Pay, and lose the notice</button>"
    return f"<div class=card>{head}{late}<form method=post>{keep}{pay}{silent}</form></div>"
