"""Many rows by jobs of the Bulk API."""
