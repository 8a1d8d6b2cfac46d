-- Which documents count: credit notes and adjustments always; a sale once it is paid. A closed sale was
-- paid when a credit note reverses it: both count then, and their net is what was kept. ("offset 0": each closed
-- sale is looked up by itself; all credit notes there are would be read before the first sale is counted.)
(o.kind <> 'sale'
 or o.status not in ('pending_payment', 'closed')
 or o.status = 'closed' and exists (select 1 from orders r where r.reverses_id = o.id and r.kind = 'credit_note' offset 0))
