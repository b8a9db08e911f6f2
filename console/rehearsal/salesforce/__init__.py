"""The Salesforce org of the rehearsal."""
