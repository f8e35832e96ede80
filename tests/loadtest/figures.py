"""Figures of every run that just keep its promises, and some that break each of them."""

from typing import Any

_BOOKS_IDS = ("missing", "doubled", "wrong_fate", "unmarked")
_WAY = ("append", "fsync", "seal", "upload", "load", "stitch", "compact", "trim")
_TORN = ("missing", "doubled", "difference", "keys_lost", "fell", "troubled")
_SOAKED = ("memory_mib", "descriptors", "files")
_SOAKED_WHOLE = ("registry_mib", "commit_s", "freshness_s")

_HARMED = {"missing": 0, "doubled": 0, "difference": 0, "second_refused": True, "writer_starts": 1}
_HARMED_BADLY = {"missing": 1, "doubled": 1, "difference": -1, "second_refused": False, "writer_starts": 2}

GOOD: dict[str, dict[str, Any]] = {
    "rolling": dict.fromkeys(("refused_connections", "resets", "missing", "doubled", "difference"), 0),
    "fuzz": {
        "http_500": 0,
        "lost_neighbours": 0,
        "invalid_answers": 0,
        "no_answer": 0,
        "events": 9,
        "rows": 9,
        "unprocessed": 0,
        "faults": 0,
        "series": 1_000,
        "rss_max_mib": {"worker": 512},
    },
    "bench": {
        "ratio": {"1": 0.5},
        "door": {"50": 130_000},
        "gzipped": {"20": 60_000},
        "landed": {"50": 60_000},
        "parquet": 120_000,
        "two_workers": {"1": 0.9, "20": 1.0},
        "latency": {"p99_ms": 20.0, "fdatasync_p99_ms": 5.0},
    },
    "rules": {"kept": {"planned": {"1": 0.9, "20": 0.8}, "strict": {"1": 0.6, "20": 0.7}}},
    "privacy": {"ips_found": 0, "pii_found": 0},
    "sdks": {"missing": 0, "doubled": 0},
    "spoken": {"share": {"segment": 1.0, "posthog": 0.1}},
    "dedup": {"doubled": 0, "false_drops": 0, "bytes_per_id": 64.0, "load_cpu_s": {"1": 0.3}},
    "books": {"kills": 1} | dict.fromkeys(("difference", "differences", "misread", *_BOOKS_IDS), 0),
    "soak": {
        **{key: {"worker": {"flat": True}} for key in _SOAKED},
        **{key: {"flat": True} for key in _SOAKED_WHOLE},
    }
    | dict.fromkeys(("unseen", "refused", "fallen"), 0),
    "outage": {
        "acked": 20_000_000,
        "backlog_max_bytes": 5 << 30,
        "missing": 0,
        "doubled": 0,
        "difference": 0,
        "rss_max": {"worker": 10, "sink": 512 << 20},
        "drain_over_intake": 3.0,
        "refused_503": 1,
        "full_at": 0.86,
        "shut": 1,
        "retry_after_ratio_p50": 0.5,
    },
    "torn": dict.fromkeys(_TORN, 0),
    "catalog": {"sqlite": _HARMED, "postgres": _HARMED},
    "crash": {"kills": 100, "steps": dict.fromkeys(_WAY, 5), "client_mib": 256.0}
    | {"missing": 0, "doubled": 0, "difference": 0},
    "overload": {
        "useful_share": 0.9,
        "rss_max": 512 * 2**20,
        "shed_p99_ms": 250.0,
        "without_retry_after": 0,
        "statuses": {"200": 1, "429": 2},
        "recovered_s": 10.0,
        "missing": 0,
        "doubled": 0,
        "key_passed_per_s": 150.0,
        "key_quota_per_s": 100.0,
        "others_p99_shift": 0.2,
        "others_refused": 0,
        "device_passed_per_s": 150.0,
        "device_quota_per_s": 100.0,
        "device_neighbours_refused": 0,
        "cpu_rss": 512 * 2**20,
        "cpu_after_share": 0.8,
    },
    "matching": {
        "febrl4": {"f1": 0.999},
        "febrl3": {"f1": 0.995},
        "calibration_error": 0.02,
        "made": {"seconds": 60.0, "records": 1_000_000},
    },
    "freshness": {"sql_p99_s": 5.0, "timeline_p99_s": 15.0, "cores": 1.0},
    "timeline": {"p95_ms": 200.0},
}

BAD: dict[str, dict[str, Any]] = {
    "rolling": dict.fromkeys(("refused_connections", "resets", "missing", "doubled", "difference"), 1),
    "fuzz": {
        "http_500": 1,
        "lost_neighbours": 1,
        "invalid_answers": 1,
        "no_answer": 1,
        "events": 9,
        "rows": 8,
        "unprocessed": 0,
        "faults": 1,
        "series": 1_001,
        "rss_max_mib": {"worker": 513, "sink": 1},
    },
    "bench": {
        "ratio": {"1": 0.49},
        "door": {"50": 129_999},
        "gzipped": {"20": 59_999},
        "landed": {"50": 59_999},
        "parquet": 119_999,
        "two_workers": {"1": 0.89, "20": 1.0},
        "latency": {"p99_ms": 20.1, "fdatasync_p99_ms": 5.0},
    },
    "rules": {"kept": {"planned": {"1": 0.9, "20": 0.79}, "strict": {"1": 0.59, "20": 0.7}}},
    "privacy": {"ips_found": 1, "pii_found": 1},
    "sdks": {"missing": 1, "doubled": 1},
    "spoken": {"share": {"segment": 1.0, "posthog": 0.09}},
    "dedup": {"doubled": 1, "false_drops": 1, "bytes_per_id": 65.0, "load_cpu_s": {"1": 0.2, "2": 0.31}},
    "books": {"kills": 0, "difference": 1, "differences": 1, "misread": 0} | dict.fromkeys(_BOOKS_IDS, 1),
    "soak": {
        **{key: {"worker": {"flat": True}, "sink": {"flat": False}} for key in _SOAKED},
        **{key: {"flat": False} for key in _SOAKED_WHOLE},
    }
    | {"unseen": 0, "refused": 0, "fallen": 1},
    "outage": {
        "acked": 19_999_999,
        "backlog_max_bytes": 5 << 29,
        "missing": 1,
        "doubled": 1,
        "difference": 1,
        "rss_max": {"worker": 10, "sink": 513 << 20},
        "drain_over_intake": 2.9,
        "refused_503": 0,
        "full_at": 0.86,
        "shut": 2,
        "retry_after_ratio_p50": 2.1,
    },
    "torn": dict.fromkeys(_TORN, 1),
    "catalog": {"sqlite": _HARMED, "postgres": _HARMED_BADLY},
    "crash": {"kills": 100, "steps": dict.fromkeys(_WAY, 5) | {"trim": 4}, "client_mib": 256.1}
    | {"missing": 1, "doubled": 1, "difference": -1},
    "overload": {
        "useful_share": 0.89,
        "rss_max": 513 * 2**20,
        "shed_p99_ms": 251.0,
        "without_retry_after": 0,
        "statuses": {"0": 1, "200": 1},
        "recovered_s": 10.1,
        "missing": 1,
        "doubled": 1,
        "key_passed_per_s": 151.0,
        "key_quota_per_s": 100.0,
        "others_p99_shift": 0.1,
        "others_refused": 1,
        "device_passed_per_s": 100.0,
        "device_quota_per_s": 100.0,
        "device_neighbours_refused": 1,
        "cpu_rss": 512 * 2**20,
        "cpu_after_share": 0.79,
    },
    "matching": {
        "febrl4": {"f1": 0.998},
        "febrl3": {"f1": 0.994},
        "calibration_error": 0.021,
        "made": {"seconds": 60.1, "records": 10_000},
    },
    "freshness": {"sql_p99_s": 5.1, "timeline_p99_s": None, "cores": 1.01},
    "timeline": {"p95_ms": 200.1},
}
