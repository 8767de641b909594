"""What makes the generated parts of the documentation; `make docs` runs all of it."""
