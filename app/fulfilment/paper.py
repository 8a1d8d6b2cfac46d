"""Pick lists and packing slips as PDF, with a Chinese font (Noto Sans SC, OFL) of which only the used signs go in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask_babel import gettext

from app.fulfilment import code128
from app.fulfilment.picking import Slip, Work
from app.kit import formats
from app.shops.models import Shop

if TYPE_CHECKING:
    from fpdf import FPDF

MARGIN, ROW = 10, 6
FONT = "sans"
LONGEST_CODE = 30
"""Longer numbers would make bars too fine for a hand scanner; they stand in words alone."""
Progress = Callable[[int, int], object]


def _open(size: str) -> FPDF:
    import pylopdf_fonts_zh_cn  # both only where a PDF is made: they take a quarter of a second to load
    from fpdf import FPDF

    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table of the font
    pdf = FPDF(format=size)
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(True, MARGIN)
    pdf.add_font(FONT, "", str(pylopdf_fonts_zh_cn.sans_path()))
    pdf.set_font(FONT, size=10)
    return pdf


def slips(work: Work, shop: Shop, path: Path, on_progress: Progress) -> int:
    """One page (A5) an order, with its bar code; gives how many."""
    pdf = _open("A5")
    for done, slip in enumerate(work.slips):
        on_progress(done, len(work.slips))
        pdf.add_page()
        _head(pdf, shop.name, slip.order.number)
        _receiver(pdf, slip)
        _table(pdf, (gettext("Code"), gettext("Title"), gettext("Units")), (30, 0, 16), _lines(slip))
        units = sum(line.left for line in slip.lines)
        _end(pdf, gettext("Units in all: %(units)s", units=formats.number(units)))
    pdf.output(str(path))
    return len(work.slips)


def picks(work: Work, shop: Shop, path: Path, on_progress: Progress) -> int:
    """The sums by warehouse and SKU, then what goes into each order (A4); gives how many SKUs."""
    pdf = _open("A4")
    pdf.add_page()
    _head(pdf, gettext("Pick list"), shop.name, bars=False)
    heads = (gettext("Warehouse"), gettext("Code"), gettext("Title"), gettext("Orders"), gettext("Units"))
    rows = [[p.warehouse, p.code, p.title, str(p.orders), str(p.units)] for p in work.picks]
    _table(pdf, heads, (28, 34, 0, 16, 16), rows)
    _end(pdf, gettext("Units in all: %(units)s", units=formats.number(work.units)))
    pdf.ln(ROW)
    more = (gettext("Number"), gettext("Code"), gettext("Title"), gettext("Units"))
    orders = [[s.order.number, line.code, line.title, str(line.left)] for s in work.slips for line in s.lines]
    _table(pdf, more, (44, 34, 0, 16), orders)
    on_progress(len(work.slips), len(work.slips))
    pdf.output(str(path))
    return len(work.picks)


def _head(pdf: FPDF, left: str, number: str, *, bars: bool = True) -> None:
    pdf.set_font_size(14)
    pdf.cell(0, 8, _fit(pdf, left, pdf.epw), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font_size(11)
    pdf.cell(0, 6, number, new_x="LMARGIN", new_y="NEXT")
    pdf.set_font_size(10)
    if bars and len(number) <= LONGEST_CODE and number.isascii() and number.isprintable():
        _bars(pdf, number)
    pdf.ln(2)


def _bars(pdf: FPDF, number: str) -> None:
    """Bars of at most 0.4 mm a module, as wide as the page allows."""
    module = min(0.4, pdf.epw / code128.modules(number))
    top = pdf.get_y() + 1
    pdf.set_fill_color(0)
    for left, width in code128.bars(number):
        pdf.rect(pdf.l_margin + left * module, top, width * module, 13, style="F")
    pdf.set_y(top + 14)


def _receiver(pdf: FPDF, slip: Slip) -> None:
    order = slip.order
    who = "  ".join(filter(None, (order.receiver, order.phone)))
    for text in filter(None, (who, order.address, order.staff_note)):
        pdf.multi_cell(0, ROW, text, new_x="LMARGIN", new_y="NEXT", align="L")
    pdf.ln(2)


def _lines(slip: Slip) -> list[list[str]]:
    return [[line.code, line.title, str(line.left)] for line in slip.lines]


def _table(pdf: FPDF, heads: tuple[str, ...], widths: tuple[int, ...], rows: list[list[str]]) -> None:
    """Rows of one line each; the column of width 0 takes what is left, text that is too long is cut."""
    rest = pdf.epw - sum(widths)
    real = [width or rest for width in widths]
    _row(pdf, heads, real, border="B")
    for row in rows:
        _row(pdf, row, real)


def _row(pdf: FPDF, cells: Any, widths: list[float], border: str = "") -> None:
    if pdf.will_page_break(ROW):
        pdf.add_page()
    for place, (text, width) in enumerate(zip(cells, widths, strict=True)):
        last = place == len(widths) - 1
        fitted = _fit(pdf, text, width - 2)
        pdf.cell(width, ROW, fitted, border=border, align="R" if last else "L",
                 new_x="LMARGIN" if last else "RIGHT", new_y="NEXT" if last else "TOP")  # fmt: skip


def _fit(pdf: FPDF, text: str, width: float) -> str:
    """The text, cut with an ellipsis where it is too long."""
    if pdf.get_string_width(text) <= width:
        return text
    while text and pdf.get_string_width(text + "…") > width:
        text = text[:-1]
    return text + "…"


def _end(pdf: FPDF, text: str) -> None:
    pdf.cell(0, ROW + 2, text, border="T", align="R", new_x="LMARGIN", new_y="NEXT")
