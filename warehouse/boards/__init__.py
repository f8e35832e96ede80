"""Boards: answers to several questions on one page, composed by people and kept in the registry."""
