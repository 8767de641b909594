"""Bulk loading, transactions whose end is known, locks and snapshots: the database below the models."""
