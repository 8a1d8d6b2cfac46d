"""The same eight requests, in the words of each package: Kuaidan, the peers and the bare limit."""

from __future__ import annotations

import base64
import itertools
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from benchmarks.database import PASSWORD, USER
from benchmarks.measure import Answer, Client

FRAGMENT = "77123"
STATUS = "pending_shipment"
PAGE_ROWS = 25


@dataclass(frozen=True)
class Subject:
    """What the requests are about: the last row before the deep page, an order to edit, a thousand to act on."""

    deep_rows: int
    before_deep: tuple[datetime, int]
    order_id: int
    action_ids: list[int]


class Site:
    """One running server. A request that a package does not offer gives None."""

    name: ClassVar[str]

    def __init__(self, port: int, subject: Subject) -> None:
        self.client, self.subject = Client(port), subject
        self._notes = itertools.count()

    def sign_in(self) -> None:
        """Become somebody who may do all of it."""

    def note(self) -> str:
        """A text that was never saved before."""
        return secrets.token_hex(2)

    def ask(self, kind: str) -> Answer | None:
        """Make one request of a kind (see `lists.KINDS`)."""
        return getattr(self, kind)()


class Kuaidan(Site):
    """Ours: `/orders`."""

    name = "kuaidan"

    def sign_in(self) -> None:
        pattern = r'name="csrf-token" content="([^"]+)"'
        self.client.headers["X-CSRFToken"] = self.client.token("/login/", pattern)
        answer = self.client.post("/login/", {"username": USER, "password": PASSWORD})
        if answer.status != 302:
            raise RuntimeError(f"sign-in failed: {answer.status}")
        self.client.headers["X-CSRFToken"] = self.client.token("/orders/", pattern)

    def first_page(self) -> Answer:
        return self.client.get("/orders/")

    def first_page_and_counts(self) -> Answer:
        page, counts = self.client.get("/orders/"), self.client.get("/orders/counts")
        return Answer(counts.status, page.text, "", page.milliseconds + counts.milliseconds)

    def deep_page(self) -> Answer:
        at, last = self.subject.before_deep
        cursor = base64.urlsafe_b64encode(json.dumps([at.isoformat(), last]).encode()).decode().rstrip("=")
        return self.client.get(f"/orders/?after={cursor}")

    def search(self) -> Answer:
        return self.client.get(f"/orders/?q={FRAGMENT}")

    def status_filter(self) -> Answer:
        return self.client.get(f"/orders/?tab={STATUS}")

    def sort_by_total(self) -> Answer:
        return self.client.get("/orders/?sort=-total")

    def edit_form(self) -> Answer:
        return self.client.get(f"/orders/{self.subject.order_id}")

    def save(self) -> Answer:
        form = {"base_address": getattr(self, "_saved", ""), "address": f"Street {next(self._notes)} {self.note()}"}
        if not form["base_address"]:
            form["base_address"] = form["address"]  # the first save only learns the word that stands there
        answer = self.client.post(f"/orders/{self.subject.order_id}/edit", form)
        self._saved = form["address"]
        return answer

    def action_1000(self) -> Answer:
        form = {"selection": "ids", "ids": self.subject.action_ids, "note": self.note()}
        return self.client.post("/orders/note", form)


class Bare(Site):
    """The limit: the same SQL in a bare template."""

    name = "bare"

    def first_page(self) -> Answer:
        return self.client.get("/")

    def deep_page(self) -> Answer:
        at, last = self.subject.before_deep
        return self.client.get(f"/?at={at.isoformat().replace('+', '%2B')}&id={last}")

    def search(self) -> Answer:
        return self.client.get(f"/?q={FRAGMENT}")

    def status_filter(self) -> Answer:
        return self.client.get(f"/?status={STATUS}")

    def sort_by_total(self) -> Answer:
        return self.client.get("/?sort=total_minor")

    def ask(self, kind: str) -> Answer | None:
        return getattr(self, kind)() if hasattr(self, kind) else None


class Fab(Site):
    """Stock Flask-AppBuilder."""

    name = "fab"
    _list = "/ordermodelview/list/"

    def sign_in(self) -> None:
        self.client.post("/login/", {"username": "peer", "password": "peer"})

    def first_page(self) -> Answer:
        return self.client.get(self._list)

    first_page_and_counts = first_page

    def deep_page(self) -> Answer:
        return self.client.get(f"{self._list}?page_OrderModelView={self.subject.deep_rows // PAGE_ROWS}")

    def search(self) -> Answer:
        return self.client.get(f"{self._list}?_flt_2_number={FRAGMENT}")

    def status_filter(self) -> Answer:
        return self.client.get(f"{self._list}?_flt_3_status={STATUS}")

    def sort_by_total(self) -> Answer:
        return self.client.get(f"{self._list}?_oc_OrderModelView=total_minor&_od_OrderModelView=desc")

    def edit_form(self) -> Answer:
        return self.client.get(f"/ordermodelview/edit/{self.subject.order_id}")

    def save(self) -> Answer:
        return self.client.post(f"/ordermodelview/edit/{self.subject.order_id}", _form(self.note()))

    def action_1000(self) -> Answer:
        return self.client.post("/ordermodelview/action_post", {"action": "note", "rowid": self.subject.action_ids})


class FlaskAdmin(Site):
    """Stock Flask-Admin."""

    name = "flask_admin"
    _list = "/admin/order/"

    def first_page(self) -> Answer:
        return self.client.get(self._list)

    first_page_and_counts = first_page

    def deep_page(self) -> Answer:
        return self.client.get(f"{self._list}?page={self.subject.deep_rows // PAGE_ROWS}")

    def search(self) -> Answer:
        return self.client.get(f"{self._list}?search={FRAGMENT}")

    def status_filter(self) -> Answer:
        return self.client.get(f"{self._list}?flt0_2={STATUS}")

    def sort_by_total(self) -> Answer:
        return self.client.get(f"{self._list}?sort=5&desc=1")

    def edit_form(self) -> Answer:
        return self.client.get(f"/admin/order/edit/?id={self.subject.order_id}")

    def save(self) -> Answer:
        return self.client.post(f"/admin/order/edit/?id={self.subject.order_id}", _form(self.note()))

    def action_1000(self) -> Answer:
        return self.client.post("/admin/order/action/", {"action": "note", "rowid": self.subject.action_ids})


class DjangoAdmin(Site):
    """Stock Django admin."""

    name = "django_admin"
    _list = "/admin/django_admin/order/"

    def sign_in(self) -> None:
        self.client.get("/admin/login/")
        self._post("/admin/login/", {"username": "peer", "password": "peer", "next": "/admin/"})

    def _post(self, path: str, form: dict[str, Any]) -> Answer:
        return self.client.post(path, {**form, "csrfmiddlewaretoken": self.client.cookies["csrftoken"]})

    def first_page(self) -> Answer:
        return self.client.get(self._list)

    first_page_and_counts = first_page

    def deep_page(self) -> Answer:
        return self.client.get(f"{self._list}?p={self.subject.deep_rows // PAGE_ROWS + 1}")

    def search(self) -> Answer:
        return self.client.get(f"{self._list}?q={FRAGMENT}")

    def status_filter(self) -> Answer:
        return self.client.get(f"{self._list}?status__exact={STATUS}")

    def sort_by_total(self) -> Answer:
        return self.client.get(f"{self._list}?o=-6")

    def edit_form(self) -> Answer:
        return self.client.get(f"{self._list}{self.subject.order_id}/change/")

    def save(self) -> Answer:
        return self._post(f"{self._list}{self.subject.order_id}/change/", _form(self.note()))

    def action_1000(self) -> Answer:
        return self._post(self._list, {"action": "note", "_selected_action": self.subject.action_ids})


def _form(note: str) -> dict[str, str]:
    return {"status": "completed", "receiver": "Receiver", "address": f"Street {note}", "staff_note": note}
