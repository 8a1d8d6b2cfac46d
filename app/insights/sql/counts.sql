-- Which documents count: credit notes and adjustments always; a sale once it is paid. A closed sale was
-- paid when a credit note reverses it: both count then, and their net is what was kept.
(o.kind <> 'sale'
 or o.status not in ('pending_payment', 'closed')
 or o.status = 'closed' and exists (select 1 from orders r where r.reverses_id = o.id and r.kind = 'credit_note'))
