"""Service levels: policies, error budgets, breaches, and statements of months."""
