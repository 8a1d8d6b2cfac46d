"""Tags and attributes in SQL: their one written form, and when they are refused."""

from __future__ import annotations

TAG_LONGEST = 40
MOST_TAGS = 50
NAME_LONGEST = 40
VALUE_LONGEST = 200
MOST_ATTRIBUTES = 50


def trimmed_sql(expression: str) -> str:
    """Text without white space around it."""
    return rf"regexp_replace({expression}, '^\s+|\s+$', '', 'g')"


def from_elements_sql(source: str) -> str:
    """The written form of the tags that a set of texts `source` gives."""
    return (
        f'coalesce((select jsonb_agg(tag order by tag collate "C") from (select distinct {trimmed_sql("x")} as tag '  # noqa: S608 - our own SQL
        f"from {source} each_text(x)) each_tag where tag <> ''), '[]'::jsonb)"
    )


def from_text_sql(expression: str) -> str:
    """The written form of tags in a text, set apart by commas."""
    return from_elements_sql(f"regexp_split_to_table({expression}, '[,，]')")


def canonical_tags_sql(new: str) -> str:
    """`new` as the column `tags` would print it; what is no list of texts stays as it is, to be refused."""
    made = from_elements_sql(f"jsonb_array_elements_text({new}::jsonb)")
    return (
        f"case when {new} is null then '[]' when not pg_input_is_valid({new}, 'jsonb') then {new} "
        f"when {new} is json array and not jsonb_path_exists({new}::jsonb, 'strict $[*] ? (@.type() != \"string\")') "
        f"then ({made})::text else {new} end"
    )


def canonical_attributes_sql(new: str) -> str:
    """`new` as the column `attributes` would print it; blank values are no attributes."""
    made = (
        f"coalesce((select jsonb_object_agg({trimmed_sql('k')}, {trimmed_sql('v')}) from "  # noqa: S608 - our own SQL
        f"jsonb_each_text({new}::jsonb) pair(k, v) where {trimmed_sql('v')} <> ''), '{{}}'::jsonb)"
    )
    return (
        f"case when {new} is null then '{{}}' when not pg_input_is_valid({new}, 'jsonb') then {new} "
        f"when {new} is json object and not jsonb_path_exists({new}::jsonb, "
        f'\'strict $.* ? (@.type() == "object" || @.type() == "array")\') then ({made})::text else {new} end'
    )


_TAG = rf"^[^,，\u0001-\u001f\u007f]{{1,{TAG_LONGEST}}}$"
_NAME = rf"^[^\u0001-\u001f\u007f]{{1,{NAME_LONGEST}}}$"


def tag_rules(new: str) -> list[tuple[str, str]]:
    """When tags are refused, and why; in this order."""
    return [
        (f"not pg_input_is_valid({new}, 'jsonb') or {new} is not json array", "not_tags"),
        (f"jsonb_path_exists({new}::jsonb, 'strict $[*] ? (@.type() != \"string\")')", "not_tags"),
        (f"exists (select from jsonb_array_elements_text({new}::jsonb) x where x !~ '{_TAG}')", "bad_tag"),
        (f"jsonb_array_length({new}::jsonb) > {MOST_TAGS}", "too_many_tags"),
    ]


def attribute_rules(new: str) -> list[tuple[str, str]]:
    """When attributes are refused, and why; in this order."""
    pairs = f"jsonb_each_text({new}::jsonb) pair(k, v)"
    return [
        (f"not pg_input_is_valid({new}, 'jsonb') or {new} is not json object", "not_attributes"),
        (f"jsonb_path_exists({new}::jsonb, 'strict $.* ? (@.type() != \"string\")')", "not_attributes"),
        (f"exists (select from {pairs} where k !~ '{_NAME}' or length(v) > {VALUE_LONGEST})", "bad_attribute"),
        (f"(select count(*) from {pairs}) > {MOST_ATTRIBUTES}", "too_many_attributes"),  # noqa: S608 - our own SQL
    ]
