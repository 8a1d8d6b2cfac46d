"""Category paths such as "Kitchen > Cups": resolved level by level, made when missing; all set-based."""

from __future__ import annotations

from app.imports.staging import CLEAR, Stage
from app.kit import clock

DEEPEST = 8
NAME_LONGEST = 80


def resolve(stage: Stage) -> None:
    """Fill the temp table `category_path(path, names, category_id)` with the paths that rows name.

    `category_id` is null where the path does not exist yet; paths that cannot be are refused.
    """
    stage.run("drop table if exists category_path")
    stage.run(
        "create temp table category_path on commit drop as select path, "
        "array(select btrim(n) from regexp_split_to_table(path, '[>＞›]') n) as names, "
        "null::bigint as category_id from (select distinct category as path from staged "
        "where category is not null and category <> :clear and err_code is null) p",
        clear=CLEAR,
    )
    _refuse_impossible(stage)
    find(stage)


def _refuse_impossible(stage: Stage) -> None:
    bad = (
        f"cardinality(names) > {DEEPEST} or exists "
        f"(select from unnest(names) n where n = '' or length(n) > {NAME_LONGEST})"
    )
    stage.refuse(
        f"s.category in (select path from category_path where {bad})",
        "category",
        "category_bad",
        "jsonb_build_object('value', left(s.category, 120))",
    )
    stage.run(f"delete from category_path where {bad}")


def find(stage: Stage) -> None:
    """Look every unresolved path up in the shop's tree."""
    stage.run(
        """
        with recursive tree as (
            select id, array[name]::text[] as names from category where shop_id = :shop_id and parent_id is null
            union all
            select c.id, t.names || c.name::text from category c join tree t on c.parent_id = t.id
            where c.shop_id = :shop_id and cardinality(t.names) < 50
        )
        update category_path p set category_id = t.id from tree t
        where t.names = p.names and p.category_id is null
        """
    )


def make_missing(stage: Stage) -> int:
    """Make the categories that good rows name and the shop lacks, parents first; returns how many.

    Rows of `product_row` then know their category.
    """
    wanted = (
        "select distinct p.names from category_path p join product_row r on r.category_path = p.path "
        "join staged s on s.row = r.row where p.category_id is null and s.err_code is null"
    )
    deepest = stage.run(f"select max(cardinality(names)) from ({wanted}) w").scalar() or 0
    made = sum(_make_level(stage, wanted, level) for level in range(1, deepest + 1))
    if made:
        find(stage)
        stage.run(
            "update product_row r set n_category_id = p.category_id from category_path p "
            "where p.path = r.category_path and r.n_category_id is distinct from p.category_id"
        )
    return made


def _make_level(stage: Stage, wanted: str, level: int) -> int:
    made = stage.run(
        f"""
        with recursive tree as (
            select id, array[name]::text[] as names from category where shop_id = :shop_id and parent_id is null
            union all
            select c.id, t.names || c.name::text from category c join tree t on c.parent_id = t.id
            where c.shop_id = :shop_id and cardinality(t.names) < 50
        ), prefixes as (select distinct names[1:{level}] as names from ({wanted}) w where cardinality(names) >= {level})
        insert into category (shop_id, parent_id, name, version, created_at, updated_at)
        select :shop_id, t.id, p.names[{level}], 1, :moment, :moment from prefixes p
        left join tree t on t.names = p.names[1:{level - 1}]
        where ({level} = 1 or t.id is not null) order by p.names
        on conflict do nothing
        """,
        moment=clock.now(),
    )
    return int(made.rowcount)
