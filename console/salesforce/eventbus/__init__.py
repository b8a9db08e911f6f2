"""The Pub/Sub API's messages, generated from `pubsub_api.proto` by ``make proto``."""
