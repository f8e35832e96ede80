"""Cohorts: named sets of customers, from a list or from the answer to a question."""
