"""What the command calls an option, as the API has it: what an issue says goes to the readers of both."""

from openimages_io.transfer.options import option_of_flag


def api_name(option: str) -> str:
    """An option that is given as the command's, such as `--match exact`, as a field; any other text as it is."""
    flag, *words = option.split(" ")
    found = option_of_flag(flag)
    if found is None:
        return option
    if found.is_switch:
        return f"{found.name}: {'false' if found.default else 'true'}"
    if not words or found.choices is None:
        return found.name
    chosen = [word for word in words if word != "or"]
    if not set(chosen) <= set(found.choices.values):
        return option
    quoted = " or ".join(f'"{word}"' for word in chosen)
    return f"{found.name}: {quoted}"
