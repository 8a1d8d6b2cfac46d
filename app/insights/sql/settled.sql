-- Money through channels by the channels' own bills: a row a day of a bill, account and currency, and one a
-- currency over all of them (day and account null). Amounts as they change the merchant's balance: refunds and fees
-- are negative. What is paid in one currency and settled in another has a row in each of them.
with run as (
    select r.id, r.day, r.account_id, r.state
    from reconciliation r
    where r.shop_id = :shop_id and r.day between :first and :last
),
line as (
    select run.day, run.account_id, l.currency, l.amount_minor, l.fee_minor, l.settled_minor,
           coalesce(nullif(l.settled_currency, ''), l.currency) as settled_in,
           case when l.kind = 'refund' then -1 else 1 end as sign
    from run
    join bill_line l on l.reconciliation_id = run.id
    where l.succeeded
),
moved as (
    select day, account_id, currency, case when sign > 0 then amount_minor else 0 end as received,
           case when sign < 0 then -amount_minor else 0 end as refunded, 0 as fees, 0 as settled, 0 as differences
    from line
    union all
    select day, account_id, settled_in, 0, 0, -coalesce(fee_minor, 0),
           case when settled_minor is not null then sign * settled_minor
                else sign * amount_minor - coalesce(fee_minor, 0) end, 0
    from line
    union all
    select run.day, run.account_id, d.currency, 0, 0, 0, 0, 1
    from run
    join bill_difference d on d.reconciliation_id = run.id and d.resolved_at is null and d.gone_at is null
)
select moved.day, account.label, account.is_test, '' as state, moved.currency,
       sum(received) as received, sum(refunded) as refunded, sum(fees) as fees, sum(settled) as settled,
       sum(differences) as differences
from moved
join channel_account account on account.id = moved.account_id
group by grouping sets ((moved.day, account.position, account.id, account.label, account.is_test, moved.currency),
                        (moved.currency))
union all
select run.day, account.label, account.is_test, run.state, '', 0, 0, 0, 0, 0
from run
join channel_account account on account.id = run.account_id
where run.state in ('waiting', 'failed')
order by 1 nulls last, 2, 5
