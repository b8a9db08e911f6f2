"""SOQL: from text to one SQL statement with bound values.

Grammar and meaning: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql.htm
"""
