HOST_FORMATS = {"text": str, "json": str, "mermaid": str}
FLEET_FORMATS = {"text": str, "json": str, "mermaid": str}
