"""Imports, exports and checks as background jobs: put into the queue, run by a worker, watched by anybody."""
