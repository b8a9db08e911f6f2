"""The SQLite cache: one file per connection, one writer, any number of readers."""
