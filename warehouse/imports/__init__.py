"""Rows of other systems become events: read, mapped, judged like what SDKs send, and landed."""
