"""Policies tried on order streams: common random numbers, outcomes, paired comparison."""
