"""Another app of the site, whose rows point to ours."""
