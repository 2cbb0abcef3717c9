"""What is published, made from the commit that is checked out: `make release VERSION=…`.

The flow is the layout: source → packages, chart → layout, sbom → checksums. All of it is made in a temporary folder,
which then takes its place whole. The same commit gives the same bytes, but for signatures.
"""
