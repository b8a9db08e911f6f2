"""Signing in, and staying so: each way to a token, its renewal, and what refusals mean."""
