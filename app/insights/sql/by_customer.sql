-- Each customer by number; null gathers the buyers that nobody knows.
select customer.number, customer.country,
       count(distinct sold_id) as orders, count(distinct sold_to) as customers,
       coalesce(sum(lines), 0) as lines, coalesce(sum(units), 0) as units,
       coalesce(sum(units_returned), 0) as units_returned, coalesce(sum(gross_minor), 0) as gross_minor,
       coalesce(sum(refunds_minor), 0) as refunds_minor, coalesce(sum(adjustments_minor), 0) as adjustments_minor,
       coalesce(sum(net_minor), 0) as net_minor
from sales_part
left join customer on customer.id = sales_part.customer_id
where order_id is not null
group by sales_part.customer_id, customer.number, customer.country
order by gross_minor desc, net_minor desc, customer.number
limit :most
