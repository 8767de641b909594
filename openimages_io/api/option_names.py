"""What the command calls an option, as the API has it: what an issue says goes to the readers of both."""

from openimages_io.transfer.options import named_option


def api_name(option: str) -> str:
    """An option that is given as the command's, such as `--match exact`, as a field; any other text as it is."""
    found = named_option(option)
    if found is None:
        return option
    known, chosen = found
    if known.is_switch:
        return f"{known.name}: {'false' if known.default else 'true'}"
    quoted = " or ".join(f'"{word}"' for word in chosen)
    return f"{known.name}: {quoted}" if quoted else known.name
