"""Probable identity: customers that are likely one person though no event says so, by Splink.

It stays apart from the certain: `identities` and `customers` are read here and never written.
"""
