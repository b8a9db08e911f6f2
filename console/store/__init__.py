"""The SQLite cache: one file per connection."""
