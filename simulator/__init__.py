"""Salesforce and Jira over loopback HTTP, from a folder of records. Knows nobody."""
