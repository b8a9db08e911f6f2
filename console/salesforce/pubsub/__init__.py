"""Change events through the Pub/Sub API: the gRPC client, and what the Avro payloads say.

https://developer.salesforce.com/docs/platform/pub-sub-api/guide/intro.html. gRPC and Avro load with `client` and
`decoding`; whoever doesn't subscribe never imports them.
"""
