"""The demo shop `uk-giftware`: a real year of orders of a British wholesaler (UCI Online Retail, CC BY 4.0)."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from app.demo import keys, retail_catalogue
from app.events import ImportCommitted
from app.imports import loading, order_rows
from app.imports.models import ImportKind, ImportRun, ImportState, OnError
from app.imports.staging import Counts, Stage
from app.kit import clock, context, files, journal
from app.kit.errors import RuleViolation
from app.shops import shops
from app.shops.models import Shop

CODE = "uk-giftware"
FILE = "online_retail.csv.gz"
SHA256 = "24bb5fccf34d11309a5b1462ea4b875ebf120ec76fb38b2df2ddc308656f0623"
ROWS = 541_909
SMALL_ORDERS = 600
COLUMNS = ("number", "code", "title", "quantity", "placed_at", "unit_price", "customer", "country")
"""The fields of the file's eight columns, in their order."""
HEADER = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
CHUNK_BYTES = 1 << 20


def load(session: Session, folder: Path, *, small: bool, on_progress: Callable[[int, str], None]) -> Counts:
    """Make the shop with its orders, customers and products within the open transaction; `small` takes a slice.

    The file goes through the same check and commit as every import of orders. Raises RuleViolation when it is
    not there or not the one that is known.
    """
    path = known_file(folder)
    shop = _shop()
    with context.shops([shop.id]):
        loading.prepare(session, COLUMNS)
        stage = Stage(shop=shop, session=session, run_id=0, mapped=frozenset(COLUMNS), on_progress=on_progress)
        on_progress(0, "reading")
        _stage_rows(stage, _slice(path) if small else _unpacked(path))
        on_progress(ROWS // 5, "checking")
        order_rows.check(stage)
        _refuse_faults(stage)
        on_progress(ROWS // 2, "writing")
        retail_catalogue.derive(stage)
        with keys.checked_together(session, "order_line"):
            counts = order_rows.commit(stage)
        _remember(stage, path, counts, small=small)
        on_progress(ROWS, "writing")
    return counts


def known_file(folder: Path) -> Path:
    """The data set's path. Raises RuleViolation when it is missing or has another content."""
    path = folder / FILE
    if not path.is_file():
        raise RuleViolation("demo_file_missing", file=FILE)
    with path.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != SHA256:
            raise RuleViolation("demo_file_changed", file=FILE)
    return path


def _shop() -> Shop:
    values = {"name": "UK Giftware", "time_zone": "Europe/London", "country": "United Kingdom", "locale": "en"}
    return shops.open_shop(CODE, "GBP", values)


def _stage_rows(stage: Stage, chunks: Iterator[bytes]) -> None:
    """Bring the CSV in by COPY: it is our own file of known content, so PostgreSQL may parse it."""
    stage.run("drop table if exists demo_line")
    stage.run(_LINES)
    connection = stage.session.connection().connection.dbapi_connection
    with connection.cursor() as cursor:  # type: ignore[union-attr]
        copy_sql = f"copy demo_line ({', '.join(COLUMNS)}) from stdin (format csv, header)"
        with cursor.copy(copy_sql) as copy:
            for chunk in chunks:
                copy.write(chunk)
    stage.run(_STAGED)
    stage.run("drop table demo_line")
    stage.run("alter table staged add primary key (row)")
    stage.run("analyze staged")


def _unpacked(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def _slice(path: Path) -> Iterator[bytes]:
    """The header and the rows of the first SMALL_ORDERS order numbers."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        taken = io.StringIO()
        writer = csv.writer(taken)
        writer.writerow(next(rows))
        numbers: set[str] = set()
        for row in rows:
            numbers.add(row[0])
            if len(numbers) > 2 * SMALL_ORDERS:  # rows of one order may lie apart, but not that far
                break
            if row[0] in numbers and len(numbers) <= SMALL_ORDERS:
                writer.writerow(row)
    yield taken.getvalue().encode()


def _refuse_faults(stage: Stage) -> None:
    fault = stage.run("select row, err_code from staged where err_code is not null order by row limit 1").first()
    if fault is not None:
        raise RuleViolation("demo_file_fault", row=fault.row, code=fault.err_code)


def _remember(stage: Stage, path: Path, counts: Counts, *, small: bool) -> None:
    """Keep the file and what became of it as a finished import, as for every other file; it may be imported again."""
    made = files.scratch(".csv")
    with made.open("wb") as stream:
        stream.writelines(_slice(path) if small else _unpacked(path))
    now = clock.now()
    told = {"created": counts.created, "updated": counts.updated, "unchanged": counts.unchanged, "failed": 0}
    run = ImportRun(
        shop_id=stage.shop.id,
        kind=ImportKind.ORDERS,
        state=ImportState.DONE,
        on_error=OnError.ALL,
        file_name=FILE.removesuffix(".gz"),
        file=files.keep(made),
        header=list(HEADER),
        mapping={key: index for index, key in enumerate(COLUMNS)},
        counts={"rows": counts.created, **told, "notes": dict(counts.notes), "not_reached": 0},
        requested_by=str(context.actor()),
        created_at=now,
        finished_at=now,
    )
    stage.session.add(run)
    stage.session.flush()
    journal.record(ImportCommitted(shop_id=run.shop_id, import_run_id=run.id, kind=run.kind.value, **told))


_LINES = """
create temp table demo_line (
    row integer generated always as identity (start 2), number text, code text, title text, quantity text,
    placed_at text, unit_price text, customer text, country text
) on commit drop
"""
_STAGED = """
insert into staged (row, number, code, title, quantity, placed_at, unit_price, customer, country)
select row, number, code, nullif(btrim(title), ''), quantity, placed_at, unit_price, nullif(customer, ''), country
from demo_line
"""
