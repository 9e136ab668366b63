"""From orders and vehicles to routes: model, solver, warm start, fallback, checker."""
