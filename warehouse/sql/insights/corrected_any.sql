-- corrected_any: whether imported orders were ever cancelled or refunded; the roll-up is small and lacks the newest
SELECT EXISTS (
    FROM daily WHERE project = $project AND event IN ('Order Cancelled', 'Order Refunded')
) OR EXISTS (
    FROM events
    WHERE project = $project AND event IN ('Order Cancelled', 'Order Refunded')
        AND load_seq > coalesce((SELECT load_seq FROM cursors WHERE name = 'rollup'), -1)
)
