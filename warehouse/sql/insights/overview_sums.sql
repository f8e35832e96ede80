-- overview_sums: what came of visits
sum(pages),
count(*) FILTER (bounced),
count(*) FILTER (conversions > 0),
sum(order_value) FILTER (currency IS NOT DISTINCT FROM (SELECT currency FROM main)),
sum(seconds)
