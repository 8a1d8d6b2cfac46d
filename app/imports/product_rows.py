"""Product rows of a workbook: every row against every rule, by set-based SQL."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.catalog.lifecycle import MOVES
from app.catalog.tag_sql import VALUE_LONGEST
from app.imports import category_paths, product_attributes, product_typing, product_writing
from app.imports.models import ImportKind, ImportMode
from app.imports.product_fields import (
    ATTRIBUTE,
    CLEARABLE,
    FIELDS,
    LONGEST,
    MOST_TAGS,
    OPTION_LONGEST,
    TAG_LONGEST,
    extra_name,
)
from app.imports.staging import CLEAR, Kind, Rule, Stage

SHARED = ("title", "description", "status", "category", "tags", "freight_template")
"""Fields of the product: its SKUs' rows must agree on them."""


def check(stage: Stage) -> None:
    """Refuse what cannot be taken, and leave the typed rows in `product_row` for `commit`."""
    stage.run("set local work_mem = '64MB'")  # sorts and hashes of some hundred thousand rows stay off the disk
    _check_texts(stage)
    _check_tags(stage)
    _check_freight(stage)
    _check_twice(stage)
    if "category" in stage.mapped:
        category_paths.resolve(stage)
    product_typing.type_rows(stage)
    _check_known(stage)
    product_typing.settle_odd_numbers(stage)
    _check_status(stage)
    _check_shared(stage)
    _check_new(stage)
    product_attributes.settle(stage)


def _check_texts(stage: Stage) -> None:
    rules = [Rule("s.sku_code is null", "sku_code", "sku_code_missing")]
    rules += [_not_longer(key, limit) for key, limit in LONGEST.items() if key in stage.mapped]
    for key, name in stage.extras.items():
        rules.append(_not_longer(key, VALUE_LONGEST if name.startswith(ATTRIBUTE) else OPTION_LONGEST))
    for field in FIELDS:
        if field.key in stage.mapped and field.key not in CLEARABLE:
            rules.append(Rule(f"s.{field.key} = :clear", field.key, "cannot_be_cleared"))
    stage.refuse_first(rules, clear=CLEAR)


def _not_longer(key: str, limit: int) -> Rule:
    facts = f"jsonb_build_object('length', length(s.{key}), 'limit', {limit})"
    return Rule(f"length(s.{key}) > {limit}", key, "text_too_long", facts)


def _check_tags(stage: Stage) -> None:
    if "tags" not in stage.mapped:
        return
    each = "regexp_split_to_table(s.tags, '[,，]') x"
    stage.refuse(
        f"s.tags is not null and ((select count(*) from {each}) > {MOST_TAGS} "
        f"or exists (select from {each} where length(btrim(x)) > {TAG_LONGEST} or x ~ '[\\u0001-\\u001f]'))",
        "tags",
        "tags_bad",
        f"jsonb_build_object('most', {MOST_TAGS}, 'longest', {TAG_LONGEST})",
    )


def _check_freight(stage: Stage) -> None:
    if "freight_template" not in stage.mapped:
        return
    stage.refuse(
        "s.freight_template <> :clear and not exists (select from freight_template f where f.shop_id = :shop_id "
        "and f.name = s.freight_template)",
        "freight_template",
        "freight_unknown",
        "jsonb_build_object('value', left(s.freight_template, 120))",
        clear=CLEAR,
    )


def _check_twice(stage: Stage) -> None:
    """The same SKU twice in the file: the first row counts."""
    stage.refuse(
        "d.sku_code = s.sku_code and s.row > d.first",
        "sku_code",
        "sku_twice",
        "jsonb_build_object('code', s.sku_code, 'first', d.first)",
        using="(select sku_code, min(row) as first from staged where sku_code is not null "
        "group by sku_code having count(*) > 1) d",
    )


def _check_known(stage: Stage) -> None:
    code = "jsonb_build_object('code', s.sku_code)"
    of_row = "p.row = s.row"
    if stage.mode is ImportMode.UPDATE:
        stage.refuse(f"{of_row} and p.sku_id is null", "sku_code", "sku_unknown", code, using="product_row p")
    if stage.mode is ImportMode.CREATE:
        stage.refuse(f"{of_row} and p.sku_id is not null", "sku_code", "sku_exists", code, using="product_row p")
    if "product_code" in stage.mapped:
        stage.refuse(
            f"{of_row} and s.product_code <> p.own_product_code",
            "product_code",
            "sku_of_other_product",
            "jsonb_build_object('code', s.sku_code, 'product', p.own_product_code)",
            using="product_row p",
        )


def _check_status(stage: Stage) -> None:
    if "status" not in stage.mapped:
        return
    legal = ", ".join(f"('{a.value}', '{b.value}')" for a, targets in MOVES.items() for b in sorted(targets))
    value = "jsonb_build_object('value', left(s.status, 120))"
    stage.refuse(
        "p.row = s.row and s.status is not null and p.n_status is null",
        "status",
        "status_unknown",
        value,
        using="product_row p",
    )
    stage.refuse(
        f"p.row = s.row and p.n_status <> p.o_status and (p.o_status, p.n_status) not in ({legal})",
        "status",
        "status_move",
        "jsonb_build_object('present', p.o_status, 'wanted', p.n_status)",
        using="product_row p",
    )


def _check_shared(stage: Stage) -> None:
    """Rows of one product must not say different things about it; the first good row counts."""
    keys = [key for key in SHARED if key in stage.mapped]
    keys += [key for key, name in stage.extras.items() if name.startswith(ATTRIBUTE)]
    if not keys:
        return
    said = ", ".join(f'min(s.{key} collate "C") <> max(s.{key} collate "C") as {key}' for key in keys)
    differs = stage.run(
        f"select {', '.join(f'bool_or({key})' for key in keys)} from (select {said} from product_row p "
        f"join staged s on s.row = p.row where s.err_code is null and p.product_code in (table repeated_product) "
        "group by p.product_code having count(*) > 1) d"
    ).one()
    for key, is_so in zip(keys, differs, strict=True):
        if is_so:
            _refuse_differing(stage, key)


def _refuse_differing(stage: Stage, key: str) -> None:
    differs = "p.n_status <> f.n_status" if key == "status" else f"s.{key} <> f.said"
    stage.refuse(
        f"p.row = s.row and f.product_code = p.product_code and s.row > f.row and s.{key} is not null and {differs}",
        key,
        "product_differs",
        "jsonb_build_object('first', f.row, 'value', left(f.said, 120))",
        using=f"product_row p, (select distinct on (x.product_code) x.product_code, y.row, y.{key} as said, x.n_status "
        f"from product_row x join staged y on y.row = x.row where y.err_code is null and y.{key} is not null "
        "order by x.product_code, y.row) f",
    )


def _check_new(stage: Stage) -> None:
    """What a new SKU needs: a price; and, where its product is new, a title, in this row or an earlier good one."""
    stage.refuse(
        "p.row = s.row and p.sku_id is null and p.n_price_minor is null",
        "price",
        "price_missing",
        using="product_row p",
    )
    stage.refuse(
        "p.row = s.row and p.product_id is null and s.title is null and not exists (select from product_row x "
        "join staged y on y.row = x.row where x.product_code = p.product_code and y.err_code is null "
        "and y.title is not null and y.row < s.row)",
        "title",
        "title_missing",
        using="product_row p",
    )


KIND = Kind(ImportKind.PRODUCTS, _l("Products"), FIELDS, check, product_writing.commit, extra_name, has_modes=True)
