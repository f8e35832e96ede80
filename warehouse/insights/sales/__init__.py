"""Sales: leads and deals of a CRM, joined with what their customers do."""
