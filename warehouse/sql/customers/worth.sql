-- worth: what was achieved in each currency, the most sessions first; amounts without a currency are apart.
SELECT currency, sum(order_value) AS order_value, count(*) AS sessions
FROM own
WHERE order_value IS NOT NULL
GROUP BY currency
ORDER BY sessions DESC, currency
