-- Each month of the shop's calendar, by its first day; late refunds reverse sales of an earlier month.
select month,
       coalesce(sum(case when sale_day < month then refunds_minor else 0 end), 0) as late_refunds_minor,
       count(distinct sold_id) as orders, count(distinct sold_to) as customers,
       coalesce(sum(lines), 0) as lines, coalesce(sum(units), 0) as units,
       coalesce(sum(units_returned), 0) as units_returned, coalesce(sum(gross_minor), 0) as gross_minor,
       coalesce(sum(refunds_minor), 0) as refunds_minor, coalesce(sum(adjustments_minor), 0) as adjustments_minor,
       coalesce(sum(net_minor), 0) as net_minor
from sales_part
where order_id is not null
group by month
order by month
