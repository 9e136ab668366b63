"""Webhooks: telling other systems what happened, signed, repeated until they answer, and visible."""
