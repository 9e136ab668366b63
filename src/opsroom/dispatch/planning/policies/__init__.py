"""Policies: functions from a situation to a decision, in Powell's four classes."""
