"""What goes wrong with a tool, in one sentence for people."""


class ToolError(Exception):
    """A tool cannot be had; the text is one sentence and names the log of what failed, if there is one."""
