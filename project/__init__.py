"""The demo site: the app in the smallest Django project that shows all of it."""
