"""`python -m docs.generate_openapi`: writes the demo site's OpenAPI document, `docs/openapi.json`.

With `--check` it writes nothing, and says by its exit code whether the document is the one that the code describes.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import django

TARGET: Final = Path(__file__).resolve().parent / "openapi.json"


def document() -> str:
    """The document as text. Raises `AssertionError` with drf-spectacular's warnings if it has any."""
    from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats  # noqa: PLC0415  (needs the settings)
    from drf_spectacular.generators import SchemaGenerator  # noqa: PLC0415

    reset_generator_stats()
    generator: Any = SchemaGenerator
    schema = generator().get_schema(request=None, public=True)
    if GENERATOR_STATS:
        raise AssertionError("The document is not exact; see the warnings above.")
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> str | None:
    """Writes or checks the document; returns what is wrong."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    text = document()
    if "--check" not in arguments:
        TARGET.write_text(text, "utf-8")
    elif not TARGET.exists() or TARGET.read_text("utf-8") != text:
        return f"{TARGET.name} is not what the code describes; run `make docs`."
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
