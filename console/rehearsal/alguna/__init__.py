"""The Alguna account of the rehearsal."""
