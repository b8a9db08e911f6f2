"""Change events: from committed changes to Avro, and out over gRPC as Salesforce's Pub/Sub API."""
