"""Where files meet rows: the importer, the exporter, and what they stand on."""
