"""The parts of an export, one kind of file each, in the order in which the exporter writes them."""
