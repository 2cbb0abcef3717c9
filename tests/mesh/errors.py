"""The one exception of this package."""


class MeshError(Exception):
    """The mesh cannot be brought up, used or taken down; the message is one clear sentence for the person who asked."""
