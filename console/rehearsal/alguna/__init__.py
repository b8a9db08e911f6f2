"""The Alguna account of the rehearsal: API v2 (`Alguna-Version: 2026-04-01`) over one SQLite file.

Written from Alguna's public reference, https://alguna.com/docs/api-reference/v2/overview and the pages below it. What that
reference leaves open is a switch (see `options`).
"""
