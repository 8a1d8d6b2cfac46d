"""What the document promises of webhooks is what is sent; the sample of the page checks real messages."""

from __future__ import annotations

import dataclasses
import inspect

import pytest
from jsonschema import Draft202012Validator

from app import events
from app.api import openapi
from app.kit.journal import Event
from app.webhooks import contract, kinds, signing, verify_sample
from tests.webhooks.conftest import endpoint, happen, new_shop, send

pytestmark = pytest.mark.usefixtures("app")
EVENTS = {name: one for name, one in inspect.getmembers(events, inspect.isclass) if issubclass(one, Event)}


def test_every_kind_is_an_event_of_ours_and_has_a_name_of_its_own() -> None:
    assert set(kinds.KINDS) <= set(EVENTS)
    names = [kind.name for kind in kinds.KINDS.values()]
    assert len(set(names)) == len(names)
    for event, kind in kinds.KINDS.items():
        assert kind.hidden <= {field.name for field in dataclasses.fields(EVENTS[event])}, event


def test_what_concerns_an_order_leads_to_it() -> None:
    for event, kind in kinds.KINDS.items():
        assert ("/orders/" in kind.path) is (EVENTS[event].subject_type == "order"), event


def test_a_message_fits_the_document_and_the_sample_reads_it(receive) -> None:
    erp, shop = receive(), new_shop()
    _, secret = endpoint(shop, erp.url)
    happen(shop)
    send()
    headers, body = erp.got[0]
    told = verify_sample.read_webhook({name.lower(): value for name, value in headers.items()}, body, secret)

    Draft202012Validator(contract.MESSAGE).validate(told)
    assert set(told) == set(contract.EXAMPLE)
    assert set(told["facts"]) == set(kinds.facts("OrderMoved"))
    assert set(openapi.build()["webhooks"]) == {kind.name for kind in kinds.KINDS.values()}
    with pytest.raises(ValueError, match="not signed"):
        verify_sample.read_webhook({name.lower(): value for name, value in headers.items()}, body, signing.new_secret())


def test_the_signature_is_that_of_the_specifications_own_example() -> None:
    """Standard Webhooks, reference implementation: secret, id, time and body with their known signature."""
    body = b'{"test": 2432232314}'
    headers = signing.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
    )

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
