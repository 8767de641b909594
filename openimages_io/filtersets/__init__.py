"""What may be asked of lists, for every interface: django-filter's FilterSets, which call the models' querysets."""
