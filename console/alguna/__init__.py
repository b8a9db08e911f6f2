"""The Alguna v2 client."""
