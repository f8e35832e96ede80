-- converted: those who made some of the conversions, by the numbers of their journeys
SELECT DISTINCT owner
    FROM conversions
    WHERE list_contains($journeys::BIGINT[], journey)
