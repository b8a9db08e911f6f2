"""The rehearsal: a Salesforce org and an Alguna account, served on 127.0.0.1."""
