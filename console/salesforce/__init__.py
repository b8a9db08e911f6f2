"""Sign-in, client and set-up for a Salesforce org."""
