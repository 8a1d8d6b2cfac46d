"""What the outside reaches without signing in: the channels' callbacks and the buyer's checkout page."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, abort, request

from app.kit import clock, context
from app.payments import accounts, callbacks
from app.payments.providers import CallbackRequest

blueprint = Blueprint("pay", __name__, url_prefix="/pay")


def init_app(app: Flask) -> None:
    """Register the routes. Callbacks carry a signature instead of a CSRF token."""
    app.register_blueprint(blueprint)
    app.extensions["csrf"].exempt(callback)


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
