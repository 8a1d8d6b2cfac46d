"""What the outside reaches without signing in: the channels' callbacks and the buyer's checkout page."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, abort, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import force_locale, get_locale

from app.kit import clock, context, origin, texts
from app.kit.db import transaction
from app.kit.errors import DomainError, NotFound
from app.payments import accounts, asking, callbacks, checkout, codes, links, names, simulate, starting
from app.payments.channels import channel_of, hosts
from app.payments.providers import CallbackRequest, Scene

blueprint = Blueprint("pay", __name__, url_prefix="/pay")
BUYER = context.Actor("buyer", "-")
_PHONE = re.compile(r"Android|iPhone|iPad|Mobile|HarmonyOS", re.IGNORECASE)
_IN_WECHAT = re.compile(r"MicroMessenger", re.IGNORECASE)
_LANGUAGES = ("zh", "en")
POLL_SECONDS = 3


def init_app(app: Flask) -> None:
    """Register the routes. Callbacks carry a signature instead of a CSRF token; coming back changes nothing."""
    app.register_blueprint(blueprint)
    app.extensions["csrf"].exempt(callback)
    app.extensions["csrf"].exempt(back)


@blueprint.route("/callback/<token>", methods=["POST"])
def callback(token: str) -> Response:
    """A channel's notice about one account; the address names the account, the signature proves the sender."""
    request.max_content_length = callbacks.MOST_BYTES
    body = request.get_data()
    account = accounts.by_callback_token(token)
    if account is None:
        abort(404)
    headers = {name.lower(): value for name, value in request.headers.items()}
    came = CallbackRequest(request.method, headers, request.query_string.decode("latin-1"), body, clock.now())
    with context.acting(context.Actor("channel", account.channel)), context.shops([account.shop_id]):
        reply = callbacks.receive(account.id, came).reply
    return Response(reply.body, reply.status, content_type=reply.content_type)


def _language() -> str:
    asked = request.args.get("lang", "")
    return asked if asked in _LANGUAGES else str(get_locale() or "zh")[:2]


def _as_buyer(token: str, work: Any) -> Any:
    """Do the work for the link's order in its shop, in the buyer's language; what cannot be is a page of its own."""
    language = _language()
    texts.speak(language)
    with force_locale(language):
        try:
            link = links.read(token)
            with context.acting(BUYER), context.shops([link.shop_id]):
                return work(link)
        except DomainError as error:
            gone = error.message() if error.code == "link_expired" else None
            page = render_template("pay/gone.html", message=gone, language=language)
            return make_response(page, error.status if isinstance(error, NotFound) else 404)


def _is_phone() -> bool:
    return bool(_PHONE.search(request.headers.get("User-Agent", "")))


def _is_in_wechat() -> bool:
    """WeChat's own browser opens no payment page, neither other apps' nor its own for browsers (H5)."""
    return bool(_IN_WECHAT.search(request.headers.get("User-Agent", "")))


def _here(token: str, **values: Any) -> str:
    asked = request.args.get("lang", "")
    if asked in _LANGUAGES:
        values["lang"] = asked
    return url_for("pay.show", token=token, **values)


@blueprint.get("/<token>")
def show(token: str) -> Any:
    """The checkout page of one order."""
    return _as_buyer(token, lambda link: _page(token, link))


def _page(token: str, link: links.Link, fault: str = "") -> Response:
    choosing = "choose" in request.args
    seen = checkout.view(link.order_id, mobile=_is_phone(), choosing=choosing)
    shown = seen.payment.shown if seen.payment else {}
    channel = channel_of(seen.payment.channel) if seen.payment else None
    html = render_template(
        "pay/checkout.html",
        token=token,
        seen=seen,
        fault=fault,
        shown=shown,
        channel=channel,
        picture=codes.picture(shown.get("qr_text", "")) if shown.get("scene") == Scene.QR else "",
        sandbox_page=_sandbox_page(seen, _here(token)),
        mark=checkout.fingerprint(seen),
        poll_seconds=POLL_SECONDS,
        choosing=choosing,
        language=_language(),
        in_wechat=_is_in_wechat(),
        names=names,
        here=_here,
    )
    response = make_response(html)
    if shown.get("scene") == Scene.FORM and shown.get("url"):
        _let_form_go(response, shown["url"])
    return response


def _sandbox_page(seen: checkout.View, back: str) -> str:
    """Where a code can be paid by hand when it is an emulator's: nobody's phone reads it."""
    if seen.payment is None:
        return ""
    url = accounts.get(seen.payment.account_id).gateway_url
    page = hosts.sandbox_page(url, seen.payment.channel_trade_no or seen.payment.number) if url else ""
    return f"{page}?{urlencode({'back': origin.address(back)})}" if page else ""


def _let_form_go(response: Response, url: str) -> None:
    """The page may post its form to the channel's own address, and nowhere else."""
    from app.kit.web import csp_nonce

    response.headers["Content-Security-Policy"] = (
        f"default-src 'self'; script-src 'self' 'nonce-{csp_nonce()}'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {hosts.form_target(url)}"
    )


@blueprint.post("/<token>/start")
def start(token: str) -> Any:
    """The buyer has chosen a way to pay; the channel is called, then the page shows what to do."""
    return _as_buyer(token, lambda link: _start(token, link))


def _start(token: str, link: links.Link) -> Any:
    asked = request.form.get("account", "")
    seen = checkout.view(link.order_id, mobile=_is_phone(), choosing=True)
    if seen.stage is not checkout.Stage.CHOOSE:
        return redirect(_here(token))
    try:
        way = checkout.way(seen.order, int(asked) if asked.isdecimal() and len(asked) < 19 else 0, mobile=_is_phone())
        back = origin.address(url_for("pay.back", token=token))
        ask = starting.Ask(way.scene, back, request.remote_addr or "", locale=_language(), is_phone=_is_phone())
        payment = starting.get(starting.begin(link.order_id, way.account.id, ask, transaction))
    except DomainError as error:
        return _page(token, link, error.message())
    # Not a redirect to the channel: browsers hold a form's whole chain of redirects to form-action. The page goes on.
    goes_on = way.scene in (Scene.REDIRECT, Scene.FORM) and payment.shown.get("url") and not way.channel.is_simulated
    return redirect(_here(token, go=1) if goes_on else _here(token))


@blueprint.route("/<token>/back", methods=["GET", "POST"])
def back(token: str) -> Any:
    """The browser comes back from the channel, UnionPay's by a form: that settles nothing, the channel is asked."""
    return _as_buyer(token, lambda link: _back(token, link))


def _back(token: str, link: links.Link) -> Any:
    seen = checkout.view(link.order_id, mobile=_is_phone())
    if seen.payment is not None:
        asking.ask_one(seen.payment.id, transaction)
    return redirect(_here(token), 303)


@blueprint.get("/<token>/state")
def state(token: str) -> Any:
    """What the page asks every few seconds: whether it would look different now."""
    return _as_buyer(token, _state)


def _state(link: links.Link) -> Response:
    seen = checkout.view(link.order_id, mobile=_is_phone())
    return jsonify(mark=checkout.fingerprint(seen), stage=seen.stage.value)


@blueprint.post("/<token>/simulate")
def decide(token: str) -> Any:
    """What the buyer does in front of the simulator; it exists for payments of the simulator only."""
    return _as_buyer(token, lambda link: _decide(token, link))


def _decide(token: str, link: links.Link) -> Any:
    asked, outcome = request.form.get("payment", ""), request.form.get("outcome", "")
    payment = checkout.own_payment(link.order_id, int(asked) if asked.isdecimal() and len(asked) < 19 else 0)
    if not channel_of(payment.channel).is_simulated or outcome not in ("paid", "failed"):
        raise NotFound("not_found")
    simulate.decide(payment.id, outcome)
    return redirect(_here(token))
