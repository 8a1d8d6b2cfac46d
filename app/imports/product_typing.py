"""Typed product rows: the temp table `product_row`, each field's old (o_) and new (n_) value side by side."""

from __future__ import annotations

from app.catalog import tag_sql
from app.imports import number_sql, product_attributes
from app.imports.product_fields import STATUS_WORDS
from app.imports.staging import CLEAR, Stage
from app.kit.money import exponent

MONEY = {"price": "price_minor", "compare_at": "compare_at_minor", "cost": "cost_minor"}
WHOLE = {"stock": "stock_on_hand", "low_stock_limit": "low_stock_limit"}


def type_rows(stage: Stage) -> None:
    """Make `product_row` of the rows without a fault, joined with the shop's SKUs and products.

    A field that the row leaves blank keeps its old value as the new one. A number that is not plain is null
    for now (see `settle_odd_numbers`), and so is an unknown status. A row has the ids ready that its new SKU and
    its new product take. `repeated_product` holds the codes of products that have several rows.
    """
    stage.run("drop table if exists product_row, repeated_product")
    stage.run(_TYPING.format(**_fields(stage)), clear=CLEAR, **product_attributes.names(stage))
    stage.run("alter table product_row add primary key (row)")
    stage.run("analyze product_row (row, sku_code, product_code, sku_id, product_id)")
    stage.run(_REPEATED)


_TYPING = """
create temp table product_row on commit drop as
select s.row, s.sku_code, coalesce(kp.code, s.product_code, s.sku_code) as product_code, kp.code as own_product_code,
    k.id as sku_id, coalesce(kp.id, np.id) as product_id,
    case when k.id is null then nextval('sku_id_seq') end as new_sku_id,
    case when k.id is null and np.id is null then nextval('product_id_seq') end as new_product_id,
    coalesce(kp.title, np.title) as o_title,
    coalesce(s.title, kp.title, np.title) as n_title,
    coalesce(kp.description, np.description) as o_description,
    case when s.description = :clear then '' else coalesce(s.description, kp.description, np.description) end
        as n_description,
    coalesce(kp.status, np.status) as o_status,
    case when s.status is null then coalesce(kp.status, np.status) else w.status end as n_status,
    coalesce(kp.category_id, np.category_id) as o_category_id,
    {category} as n_category_id, {category_path} as category_path,
    coalesce(kp.tags, np.tags) as o_tags, {tags} as n_tags,
    coalesce(kp.attributes, np.attributes) as o_attributes, {attributes} as n_attributes,
    coalesce(kp.freight_template_id, np.freight_template_id) as o_freight_template_id,
    {freight} as n_freight_template_id,
    k.barcode as o_barcode,
    case when s.barcode = :clear then '' else coalesce(s.barcode, k.barcode) end as n_barcode,
    k.options as o_options, {options} as n_options,
    {numbers}
from staged s
left join sku k on k.shop_id = :shop_id and k.code = s.sku_code
left join product kp on kp.id = k.product_id
left join product np on k.id is null and np.shop_id = :shop_id and np.code = coalesce(s.product_code, s.sku_code)
left join (
    select said.status as said, v.status from (select distinct status from staged where status is not null) said
    join (values {statuses}) v(word, status) on v.word = lower(normalize(said.status, NFKC))
) w on w.said = s.status
{category_join}
{freight_join}
where s.err_code is null
"""
_REPEATED = """
create temp table repeated_product on commit drop as
select product_code from product_row group by product_code having count(*) > 1"""


def _fields(stage: Stage) -> dict[str, str]:
    has_category = "category" in stage.mapped
    has_freight = "freight_template" in stage.mapped
    old, old_tags = "coalesce(kp.category_id, np.category_id)", "coalesce(kp.tags, np.tags)"
    old_freight = "coalesce(kp.freight_template_id, np.freight_template_id)"
    return {
        "tags": f"case when s.tags = :clear then '[]'::jsonb when s.tags is null then {old_tags} "
        f"else {tag_sql.from_text_sql('s.tags')} end"
        if "tags" in stage.mapped
        else old_tags,
        "attributes": product_attributes.merged_sql(stage, "coalesce(kp.attributes, np.attributes)", "s"),
        "freight": f"case when s.freight_template is null then {old_freight} else ft.id end"
        if has_freight
        else old_freight,
        "freight_join": "left join freight_template ft on ft.shop_id = :shop_id and ft.name = s.freight_template"
        if has_freight
        else "",
        "category": f"case when s.category is null then {old} else c.category_id end" if has_category else old,
        "category_path": "c.path" if has_category else "null::text",
        "category_join": "left join category_path c on c.path = s.category" if has_category else "",
        "options": product_attributes.merged_sql(stage, "k.options", "s", of_sku=True),
        "numbers": ",\n    ".join(_number(stage, key, column) for key, column in (MONEY | WHOLE).items()),
        "statuses": ", ".join(
            f"('{word}', '{status.value}')" for status, words in STATUS_WORDS.items() for word in words
        ),
    }


def _number(stage: Stage, key: str, column: str) -> str:
    currency = stage.shop.currency
    pattern = number_sql.money_pattern(currency) if key in MONEY else number_sql.WHOLE
    value = number_sql.minor_sql(f"s.{key}", currency) if key in MONEY else f"s.{key}::bigint"
    return (
        f"k.{column} as o_{column}, case when s.{key} is null then k.{column} "
        f"when s.{key} ~ '{pattern}' then {value} end as n_{column}"
    )


def settle_odd_numbers(stage: Stage) -> None:
    """Look twice at numbers that are not plain: take those without doubt, refuse the others with the reason."""
    odd = " union all ".join(
        f"select s.row, '{key}' as key, s.{key} as value, "
        f"{number_sql.tidy_sql(f's.{key}', _currency(stage, key))} as t "
        f"from staged s join product_row p on p.row = s.row "
        f"where s.{key} is not null and s.{key} <> :clear and p.n_{column} is null"
        for key, column in (MONEY | WHOLE).items()
        if key in stage.mapped
    )
    if not odd:
        return
    currency = stage.shop.currency
    stage.run("drop table if exists odd_number")
    stage.run(
        f"create temp table odd_number on commit drop as select *, case when key = any(:money) "
        f"then {number_sql.fault_sql('t', currency)} else {number_sql.fault_sql('t', None)} end as code from ({odd}) o",
        clear=CLEAR,
        money=list(MONEY),
    )
    for key, column in (MONEY | WHOLE).items():
        value = number_sql.minor_sql("o.t", currency) if key in MONEY else "o.t::bigint"
        stage.run(
            f"update product_row p set n_{column} = {value} from odd_number o "
            "where o.row = p.row and o.key = :key and o.code is null",
            key=key,
        )
    _refuse_odd(stage)


def _refuse_odd(stage: Stage) -> None:
    stage.run(
        "update staged s set err_column = o.key, err_code = o.code, err_facts = jsonb_build_object("
        "'value', left(o.value, 120), 'currency', cast(:currency as text), 'digits', cast(:digits as integer)) "
        "from (select distinct on (row) * from odd_number where code is not null order by row, "
        "array_position(cast(:keys as text[]), key)) o where o.row = s.row and s.err_code is null",
        currency=stage.shop.currency,
        digits=exponent(stage.shop.currency),
        keys=[*MONEY, *WHOLE],
    )


def _currency(stage: Stage, key: str) -> str | None:
    return stage.shop.currency if key in MONEY else None
