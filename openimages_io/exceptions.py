"""What this app raises. Every message is a sentence for the person who typed the command."""


class OpenImagesError(Exception):
    """The base of every error raised on purpose here."""


class UnreadableArchive(OpenImagesError):
    """The source cannot be opened, or breaks a limit or a safety rule, so nothing in it is trusted."""
