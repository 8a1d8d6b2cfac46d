"""QR codes as pictures within the page: nothing is fetched from elsewhere."""

from __future__ import annotations

import base64
import io

import segno

LONGEST = 1_200


def picture(text: str) -> str:
    """A data address of an SVG with the code, error level M, with its quiet zone; empty for no or too long a text."""
    if not 0 < len(text) <= LONGEST:
        return ""
    out = io.BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(out, kind="svg", scale=8, border=4, dark="#000", light="#fff", xmldecl=False)
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()
