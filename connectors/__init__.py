"""HTTP in and out: Salesforce and Jira, and nothing else."""
