"""Open-ended columns of a file: options of the SKU ("Option: Colour") and attributes of the product."""

from __future__ import annotations

from app.imports.product_fields import ATTRIBUTE
from app.imports.staging import CLEAR, Stage


def names(stage: Stage) -> dict[str, str]:
    """The names as values to bind, for `merged_sql`."""
    return {f"name_{key}": name.removeprefix(ATTRIBUTE) for key, name in stage.extras.items()}


def merged_sql(stage: Stage, old: str, row: str, *, of_sku: bool = False) -> str:
    """The names and values `old` with what the cells of `row` say over them; needs `names` and `:clear` bound."""
    keys = [key for key, name in stage.extras.items() if name.startswith(ATTRIBUTE) is not of_sku]
    if not keys:
        return old
    given = ", ".join(f"cast(:name_{key} as text), nullif({row}.{key}, :clear)" for key in keys)
    cleared = " ".join(f"- case when {row}.{key} = :clear then :name_{key} else '' end" for key in keys)
    return f"(coalesce({old}, '{{}}') || jsonb_strip_nulls(jsonb_build_object({given}))) {cleared}"


def settle(stage: Stage) -> None:
    """Give every good row of a product all the attributes that its rows name together; they agree by now."""
    keys = [key for key, name in stage.extras.items() if name.startswith(ATTRIBUTE)]
    if not keys:
        return
    said = ", ".join(f'max(s.{key} collate "C") as {key}' for key in keys)
    stage.run(
        f"update product_row p set n_attributes = {merged_sql(stage, 'p.o_attributes', 'a')} from (select "  # noqa: S608 - keys are ours
        f"x.product_code, {said} from product_row x join staged s on s.row = x.row where s.err_code is null "
        "group by x.product_code having count(*) > 1) a where a.product_code = p.product_code",
        clear=CLEAR,
        **names(stage),
    )
