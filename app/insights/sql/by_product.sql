-- Each line code; its title from the catalogue, else from its newest line. Charges are flagged by kind.
with code_part as (
    select code, kind, max(sku_id) as sku_id, max(line_id) as line_id,
           coalesce(sum(lines), 0) as lines, coalesce(sum(units), 0) as units,
       coalesce(sum(units_returned), 0) as units_returned, coalesce(sum(gross_minor), 0) as gross_minor,
       coalesce(sum(refunds_minor), 0) as refunds_minor, coalesce(sum(adjustments_minor), 0) as adjustments_minor,
       coalesce(sum(net_minor), 0) as net_minor
    from sales_part
    where order_id is null
    group by code, kind
)
select code_part.code, coalesce(product.title, order_line.title) as title, sku.options, code_part.kind,
       null as orders, null as customers, lines, units, units_returned, gross_minor, refunds_minor,
       adjustments_minor, net_minor
from code_part
left join sku on sku.id = code_part.sku_id
left join product on product.id = sku.product_id
left join order_line on order_line.id = code_part.line_id
order by gross_minor desc, net_minor desc, code_part.code
limit :most
