"""From checked tables to an edition: plan, cells, estimates, targets, disclosure control."""
