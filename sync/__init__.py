"""The job: config, store, pull, link, plan, safety, apply, run."""
