"""What every long-running part needs: tasks, backoff, failpoints."""
