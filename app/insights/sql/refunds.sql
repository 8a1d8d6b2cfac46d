-- Each credit note, newest first, with the sale that it reverses where one is known.
select refund.number, sales_part.day, sale.number as sale_number, sales_part.sale_day, customer.number as customer,
       sales_part.country, sum(units_returned) as units_returned, sum(refunds_minor) as refunds_minor
from sales_part
join orders refund on refund.id = sales_part.order_id and refund.kind = 'credit_note'
left join orders sale on sale.id = refund.reverses_id
left join customer on customer.id = sales_part.customer_id
group by refund.id, refund.number, refund.placed_at, sales_part.day, sale.number, sales_part.sale_day,
         customer.number, sales_part.country
order by refund.placed_at desc, refund.id desc
limit :most
