-- overview_sums: what came of visits
sum(pages) AS pages,
count(*) FILTER (bounced) AS bounced,
count(*) FILTER (conversions > 0) AS converted,
sum(order_value) FILTER (currency IS NOT DISTINCT FROM (SELECT currency FROM main)) AS revenue,
sum(seconds) AS seconds
