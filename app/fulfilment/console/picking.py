"""`/picking`: what to take from the shelves, and packing slips, on screen for the printer and as PDF."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, request, send_file, url_for

from app.console import access, selection
from app.console.access import needs
from app.console.base import ConsoleBase, expose
from app.fulfilment import code128, jobs, picking, shipping_sheet
from app.kit import clock, files
from app.kit.db import transaction
from app.kit.permissions import Noun, Verb

ON_SCREEN = 100
"""Slips that a page shows; more are made as PDF."""


class PickingView(ConsoleBase):
    """`/picking`."""

    noun = Noun.PARCELS
    route_base = "/picking"

    @expose("/")
    @needs(Noun.PARCELS, Verb.READ)
    def waiting(self) -> str:
        """The pick list of all orders that wait."""
        return self._picks(picking.work(access.current_shop().id), waiting=True)

    @expose("/chosen", methods=["GET", "POST"])
    @needs(Noun.PARCELS, Verb.READ)
    def chosen(self) -> Any:
        """The pick list of the orders ticked, or of all that match."""
        shop = access.current_shop()
        which = jobs.chosen(shop, selection.asked())
        return selection.moved("PickingView.chosen", shop) or self._picks(picking.work(shop.id, which))

    def _picks(self, work: picking.Work, *, waiting: bool = False) -> str:
        form = selection.asked()
        return self.page("fulfilment/picks.html", work=work, form=form, waiting=waiting, now=clock.now())

    @expose("/slips", methods=["GET", "POST"])
    @needs(Noun.PARCELS, Verb.READ)
    def slips(self) -> Any:
        """Packing slips of the orders ticked, one a page; of many as PDF."""
        shop, form = access.current_shop(), selection.asked()
        work = picking.work(shop.id, jobs.chosen(shop, form))
        many = len(work.slips) > ON_SCREEN
        if many and request.method == "POST":
            return self._wanted("slips")
        elsewhere = selection.moved("PickingView.slips", shop)
        return elsewhere or self.page("fulfilment/slips.html", work=work, form=form, bars=_bars, many=many)

    @expose("/workbook", methods=["POST"])
    @needs(Noun.PARCELS, Verb.BULK)
    def workbook(self) -> Any:
        """A workbook of them with empty cells for carrier and number, to fill in and import."""
        shop = access.current_shop()
        work = picking.work(shop.id, jobs.chosen(shop, request.form))
        path = files.scratch(".xlsx")
        shipping_sheet.write(work, path)
        name = f"{shop.code}-tracking-{clock.day_of(clock.now(), shop.time_zone):%Y%m%d}.xlsx"
        response = send_file(path, as_attachment=True, download_name=name)
        response.call_on_close(lambda: path.unlink(missing_ok=True))
        return response

    @expose("/paper", methods=["POST"])
    @needs(Noun.PARCELS, Verb.READ)
    def paper(self) -> Any:
        """Want a PDF of them."""
        kind = request.form.get("kind", "")
        if kind not in jobs.KINDS:
            abort(400)
        return self._wanted(kind)

    def _wanted(self, kind: str) -> Any:
        with transaction():
            where = url_for("PickingView.paper_page", pk=jobs.want(access.current_shop(), kind, request.form).id)
        return redirect(where)

    @expose("/papers/<int:pk>")
    @needs(Noun.PARCELS, Verb.READ)
    def paper_page(self, pk: int) -> str:
        """How far the PDF is, and where to take it."""
        return self.page("fulfilment/paper.html", job=jobs.paper_job(pk))

    @expose("/papers/<int:pk>/file")
    @needs(Noun.PARCELS, Verb.READ)
    def paper_file(self, pk: int) -> Any:
        """The finished PDF."""
        job = jobs.paper_job(pk)
        if not job.result:
            abort(404)
        day = clock.day_of(job.created_at, access.current_shop().time_zone)
        name = f"{job.result['kind']}-{day:%Y%m%d}-{job.id}.pdf"
        return send_file(files.path_of(job.result["file"]), mimetype="application/pdf", download_name=name)


def _bars(number: str) -> dict[str, Any] | None:
    """The bar code of a number for an SVG: its width in modules and its bars; None where it cannot be one."""
    if len(number) > 30 or not number.isascii() or not number.isprintable():
        return None
    return {"width": code128.modules(number), "bars": code128.bars(number)}
