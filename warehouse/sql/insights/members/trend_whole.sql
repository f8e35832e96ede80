-- trend_whole: those behind one series in the whole range
SELECT DISTINCT owner
    FROM named
    WHERE s{series} AND moment >= {since} AND {same}
