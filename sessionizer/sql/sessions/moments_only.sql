-- moments_only: whose event it is and when it happened: all that a pause between events needs.
SELECT subject_key AS subject, epoch_us(happened_at) AS at FROM whole WHERE {among} AND apart IS NULL
