"""Dates and times as files write them, read by SQL: several formats, in the shop's zone."""

from __future__ import annotations

from app.imports.staging import Stage

_CLOCK = r"(?:[T ]*(\d{1,2})[:：时点](\d{1,2})(?:[:：分](\d{1,2})(?:[.]\d+)?)?[分秒]? ?([AaPp][Mm])?)?"
_ZONE = r" ?(Z|[+-]\d{2}:?\d{2})?"
YEAR_FIRST = rf"^(\d{{4}})[-/.年] ?(\d{{1,2}})[-/.月] ?(\d{{1,2}})[日号]?{_CLOCK}{_ZONE}$"
"""2010-12-01 08:26:00, 2010/12/1 8:26, 2010年12月1日 8时26分, 2010-12-01T08:26:00Z, 2010-12-01."""
YEAR_LAST = rf"^(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}){_CLOCK}{_ZONE}$"
"""1/12/2010 8:26 and 12/1/2010 8:26 AM: `resolve` says which of the first two is the month."""
COMPACT = r"^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?()()$"
"""20101201 and 20101201082600."""


def resolve(stage: Stage, column: str) -> None:
    """Fill the temp table `moment(text, at)`: each distinct text of `staged.column` and its instant, or null.

    A time without an offset is the clock on the wall of the shop; one that occurs twice (the clock is put
    back) is the second, one that does not occur is an hour later. Where the year stands last, day and month
    are told apart by the whole file: a first number above 12 anywhere means day first, a second one above 12
    means month first; with neither, or both, day first (so that a file that mixes them has faults, not guesses).
    """
    stage.run("drop table if exists moment")
    stage.run(_PARTS % {"column": column}, year_first=YEAR_FIRST, year_last=YEAR_LAST, compact=COMPACT)
    month_first = bool(stage.run(_MONTH_FIRST).scalar())
    stage.run(_INSTANT, month_first=month_first, zone=stage.shop.time_zone)
    stage.run("analyze moment")


_PARTS = """
create temp table moment on commit drop as
select t.text, coalesce(t.parts, regexp_match(t.text, :compact), regexp_match(t.text, :year_last)) as parts,
       t.parts is null and t.text ~ :year_last as year_last, null::timestamptz as at
from (
    select text, regexp_match(text, :year_first) as parts
    from (select distinct "%(column)s" as text from staged where "%(column)s" is not null offset 0) d
    offset 0
) t
"""
_MONTH_FIRST = """
select coalesce(bool_or(parts[2]::int > 12) and not bool_or(parts[1]::int > 12), false) from moment where year_last
"""
_INSTANT = """
update moment m set at = case when offset_text = '' then wall::timestamp at time zone :zone
                              else (wall || offset_text)::timestamptz end
from (
    select text,
           format('%s-%s-%s %s:%s:%s', year, lpad(month, 2, '0'), lpad(day, 2, '0'), lpad(hour::text, 2, '0'),
                  lpad(coalesce(parts[5], '0'), 2, '0'), lpad(coalesce(parts[6], '0'), 2, '0')) as wall,
           coalesce(parts[8], '') as offset_text, hour
    from (
        select text, parts,
               case when year_last then parts[3] else parts[1] end as year,
               case when not year_last then parts[2] when :month_first then parts[1] else parts[2] end as month,
               case when not year_last then parts[3] when :month_first then parts[2] else parts[1] end as day,
               case when upper(parts[7]) = 'PM' then parts[4]::int % 12 + 12
                    when upper(parts[7]) = 'AM' then parts[4]::int % 12
                    else coalesce(parts[4]::int, 0) end as hour
        from moment where parts is not null
    ) taken
) read
where m.text = read.text and read.hour < 24 and pg_input_is_valid(read.wall, 'timestamp')
  and pg_input_is_valid(read.wall || read.offset_text, 'timestamptz')
"""
