"""The steps of an import, one kind of file each, in the order in which the importer takes them."""
