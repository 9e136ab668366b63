"""Moving old polls to archives: the job, and the ways to ask for it."""
