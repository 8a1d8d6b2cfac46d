"""Good product rows into the shop: categories, new products and SKUs, and one change set over the known ones."""

from __future__ import annotations

from datetime import datetime

from app.catalog import change_creations, change_judging, change_sets, search_index
from app.catalog.change_models import ChangeSet, ChangeState
from app.imports import category_paths
from app.imports.staging import Counts, Stage
from app.kit import clock

SKU_COLUMNS = (
    "price_minor",
    "compare_at_minor",
    "cost_minor",
    "stock_on_hand",
    "low_stock_limit",
    "barcode",
    "options",
)
PRODUCT_COLUMNS = ("title", "description", "status", "category_id", "tags", "attributes", "freight_template_id")
DIFFERS = " or ".join(f"p.o_{name} is distinct from p.n_{name}" for name in (*SKU_COLUMNS, *PRODUCT_COLUMNS))
"""Whether a row `p` of `product_row` changes anything."""


class Overtaken(RuntimeError):
    """Somebody has changed the same rows between the check and the writing; the job starts again."""


def commit(stage: Stage) -> Counts:
    """Write the good rows of `product_row`. Raises Overtaken, and the database's own error for a SKU made meanwhile."""
    if "category" in stage.mapped:
        category_paths.make_missing(stage)
    stage.run("delete from product_row p using staged s where s.row = p.row and s.err_code is not null")
    created, updated, unchanged = stage.run(
        f"select count(*) filter (where sku_id is null), count(*) filter (where sku_id is not null and ({DIFFERS})), "
        f"count(*) filter (where sku_id is not null and not ({DIFFERS})) from product_row p"
    ).one()
    if not created and not updated:
        return Counts(0, 0, unchanged)
    if created + updated >= search_index.MANY_ROWS:
        search_index.put_off(stage.session, stage.shop.id)
    change_set = change_sets.open_set(stage.shop.id, stage.source, stage.rule, selection={})
    _change_known(stage, change_set)
    if created:
        moment = clock.now()  # one for both: so a product stands for the SKUs that were made with it
        products = _make_products(stage, moment)
        _make_skus(stage, moment)
        each = "" if products == created else "distinct"  # several rows can have made one product
        change_creations.record(stage.session, change_set, _MADE.format(each=each), products + created)
    if change_set.state is ChangeState.PENDING:  # nothing of the known rows is written until a second person agrees
        return Counts(created, 0, unchanged, change_set.id, {"waiting": updated})
    return Counts(created, updated, unchanged, change_set.id)


_MADE = """
select {each} 'product' as target_table, new_product_id as row_id from product_row where product_id is null
union all select 'sku', new_sku_id from product_row where sku_id is null and product_id is not null"""
"""A SKU stands and falls with the product that was made with it."""


def _change_known(stage: Stage, change_set: ChangeSet) -> None:
    change_judging.stage_table(stage.session)
    _want(stage, "sku", "sku_id", SKU_COLUMNS)
    _want(stage, "product", "product_id", PRODUCT_COLUMNS)
    counts = change_sets.apply(change_set, on_step=lambda step: stage.on_progress(0, step))
    if counts["refused"]:
        raise Overtaken


def _want(stage: Stage, table: str, key: str, columns: tuple[str, ...]) -> None:
    pairs = ", ".join(f"('{name}', p.o_{name}::text, p.n_{name}::text)" for name in columns)
    stage.run(
        "insert into wanted (target_table, row_id, field, new) "
        f"select distinct '{table}', p.{key}, v.field, v.new from product_row p, "
        f"lateral (values {pairs}) v(field, old, new) where p.{key} is not null and v.old is distinct from v.new"
    )


def _make_products(stage: Stage, moment: datetime) -> int:
    """Each new code once; a field that several rows give comes from the first that gives it. Returns how many.

    In order of code, and so are SKUs: who makes the same ones at the same moment waits for the first of them, and
    no two wait for each other.
    """
    good = "from product_row p where p.product_id is null "
    value, group, made = "p.n_{0}", "", "p.new_product_id"
    several = f"{good} and p.product_code in (table repeated_product) group by p.product_code having count(*) > 1"
    if stage.run(f"select exists (select {several})").scalar():
        stage.run(
            "update product_row p set new_product_id = f.id from (select p.product_code, min(p.new_product_id) as id "
            f"{several}) f where f.product_code = p.product_code"
        )
        value = "(array_agg(p.n_{0} order by p.row) filter (where p.n_{0} is not null))[1]"
        group, made = "group by p.product_code", "min(p.new_product_id)"
    title, description, status, category, tags, attributes, freight = (value.format(name) for name in PRODUCT_COLUMNS)
    products = stage.run(
        "insert into product (id, shop_id, code, title, description, status, category_id, tags, attributes, "
        f"freight_template_id, version, created_at, updated_at) select {made}, :shop_id, p.product_code, "
        f"{title}, coalesce({description}, ''), coalesce({status}, 'draft'), {category}, "
        f"coalesce({tags}, '[]'), coalesce({attributes}, '{{}}'), {freight}, 1, :moment, :moment {good} {group} "
        'order by p.product_code collate "C"',
        moment=moment,
    )
    return int(products.rowcount)


def _make_skus(stage: Stage, moment: datetime) -> None:
    stage.run(
        "insert into sku (id, shop_id, product_id, code, barcode, options, price_minor, compare_at_minor, "
        "cost_minor, stock_on_hand, low_stock_limit, version, created_at, updated_at) "
        "select p.new_sku_id, :shop_id, coalesce(p.product_id, p.new_product_id), p.sku_code, "
        "coalesce(p.n_barcode, ''), coalesce(p.n_options, '{}'), p.n_price_minor, p.n_compare_at_minor, "
        "p.n_cost_minor, coalesce(p.n_stock_on_hand, 0), coalesce(p.n_low_stock_limit, 0), 1, :moment, :moment "
        'from product_row p where p.sku_id is null order by p.sku_code collate "C"',
        moment=moment,
    )
