"""Guided procedures: connect, import, disconnect."""
