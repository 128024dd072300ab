"""AWS Batch: a chain becomes a plan, the plan becomes SubmitJob requests, the requests become job ids."""
