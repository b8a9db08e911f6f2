"""Signing in to the org: apps, policies, grants, sessions, and what is told of them."""
