"""The limit: our list's keyset SQL, rendered by a bare Jinja template in a plain Flask app; no sign-in."""

import os

from flask import Flask, render_template_string, request
from sqlalchemy import create_engine, text

app = Flask(__name__)
engine = create_engine(os.environ["DATABASE_URL"], pool_size=6, connect_args={"options": "-c jit=off"})
PAGE = """<!DOCTYPE html><title>Orders</title><table><thead><tr>
<th>Number<th>Placed<th>Customer<th>Country<th>Units<th>Total<th>Status<th>Kind</tr></thead><tbody>
{% for o in rows %}<tr><td><a href="/orders/{{ o.id }}">{{ o.number }}</a></td><td>{{ o.placed_at }}</td>
<td>{{ o.name }}</td><td>{{ o.country }}</td><td>{{ o.units }}</td><td>{{ o.total_minor }}</td>
<td>{{ o.status }}</td><td>{{ o.kind }}</td></tr>
{% endfor %}</tbody></table>"""
IDS = "select id from orders where shop_id = 1 {where} order by {by} desc, id desc limit 26"
ROWS = (
    "select o.id, o.number, o.placed_at, c.name, o.country, o.units, o.total_minor, o.status, o.kind "
    "from orders o left join customer c on c.id = o.customer_id where o.id = any(:ids) order by o.{by} desc, o.id desc"
)
WHERE = {
    "status": "and kind = 'sale' and status = :status",
    "q": "and number ilike '%' || :q || '%'",
    "at": "and placed_at <= :at and (placed_at < :at or id < :id)",
}


@app.get("/")
def orders():
    """One page of orders: `?status=`, `?q=`, `?sort=total_minor`, `?at=…&id=…` for the page beyond a row."""
    values = {key: request.args[key] for key in ("status", "q", "at", "id") if key in request.args}
    where = " ".join(WHERE[key] for key in values if key in WHERE)
    by = "total_minor" if request.args.get("sort") == "total_minor" else "placed_at"
    with engine.connect() as connection:
        ids = list(connection.scalars(text(IDS.format(where=where, by=by)), values))[:25]
        rows = connection.execute(text(ROWS.format(by=by)), {"ids": ids}).all()
    return render_template_string(PAGE, rows=rows)
