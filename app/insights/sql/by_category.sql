-- Each category by id; charges and products without a category apart.
select case when sales_part.kind = 'charge' then 'charge' else 'product' end as kind, product.category_id,
       null as orders, null as customers,
       coalesce(sum(lines), 0) as lines, coalesce(sum(units), 0) as units,
       coalesce(sum(units_returned), 0) as units_returned, coalesce(sum(gross_minor), 0) as gross_minor,
       coalesce(sum(refunds_minor), 0) as refunds_minor, coalesce(sum(adjustments_minor), 0) as adjustments_minor,
       coalesce(sum(net_minor), 0) as net_minor
from sales_part
left join sku on sku.id = sales_part.sku_id
left join product on product.id = sku.product_id
where order_id is null
group by 1, product.category_id
order by gross_minor desc, net_minor desc
