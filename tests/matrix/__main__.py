"""`python -m tests.matrix`: a program, for settings such as the user model hold for a whole process."""

import django

django.setup()

from tests.matrix.smoke import main  # noqa: E402  (needs the app registry)

main()
