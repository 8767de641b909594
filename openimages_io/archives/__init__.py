"""An untrusted folder, zip or tar, opened safely: listed, checked, then read by path."""
