"""Real SDKs, unmodified, against a running Sojourn: what they send, and what of it is stored."""
