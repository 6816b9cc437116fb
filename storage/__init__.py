"""The only place that reads files of policy and talks SQL."""
