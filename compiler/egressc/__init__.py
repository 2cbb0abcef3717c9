"""egressc: a short list of external hosts in, a checked fleet of Istio egress gateways out.

The flow is the layout: source → shape → layers → settle → rules → plan → emit. Every step is a pure function;
what is wrong with the list is collected beside it as findings.
"""

__version__ = "0.1.0"
