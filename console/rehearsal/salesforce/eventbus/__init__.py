"""The Pub/Sub API's messages, generated from Salesforce's published protocol by ``make proto``."""
