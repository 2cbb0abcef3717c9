"""The gateways' pods: what they may, how they start, stop and scale."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import TEMPLATES, contract

POD = f"{TEMPLATES}/deployment.yaml"
KEYS = "Client keys stay with their owner"
RESTRICTED = "Gateway pods meet the `restricted` standard"

MUTANTS = (
    Mutant(
        f"{TEMPLATES}/role.yaml",
        "verbs: [list]",
        'verbs: ["*"]',
        "a gateway's account writes and deletes Secrets",
        contract("pods"),
        row=KEYS,
    ),
    Mutant(
        f"{TEMPLATES}/role.yaml",
        "resources: [secrets]",
        "resources: [secrets, configmaps]",
        "a gateway's account reads ConfigMaps",
        contract("pods"),
        row=KEYS,
    ),
    Mutant(
        f"{TEMPLATES}/service-account.yaml",
        "automountServiceAccountToken: false",
        "automountServiceAccountToken: true",
        "other pods of the account get its token",
        contract("pods"),
        row=KEYS,
    ),
    Mutant(
        POD,
        "automountServiceAccountToken: false",
        "automountServiceAccountToken: true",
        "whoever breaks into a gateway has a token for the API server",
        contract("pods"),
        row=KEYS,
    ),
    Mutant(
        POD,
        "          runAsNonRoot: true\n          seccompProfile:\n            type: RuntimeDefault\n        {{- if not",
        "          seccompProfile:\n            type: RuntimeDefault\n        {{- if not",
        "an OPA may run as root",
        contract("pods"),
        row=RESTRICTED,
    ),
    Mutant(
        POD,
        "          readOnlyRootFilesystem: true\n          runAsNonRoot: true\n          seccompProfile:\n"
        "            type: RuntimeDefault\n        {{- if $asked",
        "          runAsNonRoot: true\n          seccompProfile:\n            type: RuntimeDefault\n"
        "        {{- if $asked",
        "whoever breaks into a gateway writes into its image",
        contract("pods"),
        row=RESTRICTED,
    ),
    Mutant(
        POD,
        "- name: ndots",
        "- name: timeout",
        "an upstream's name leads to a Service of the cluster's search domains",
        contract("pods"),
        row="A name is looked up as it is written",
    ),
    Mutant(
        POD,
        "terminationDrainDuration: {{ $drain }}s",
        "terminationDrainDuration: 5s",
        "the proxy drains 5 s whatever the list says",
        contract("pods"),
    ),
    Mutant(
        POD,
        "terminationGracePeriodSeconds: {{ $drain }}",
        "terminationGracePeriodSeconds: 30",
        "requests are cut off after 30 s whatever the list says",
        contract("pods"),
    ),
    Mutant(
        POD,
        'EXIT_ON_ZERO_ACTIVE_CONNECTIONS\n          value: "true"',
        'EXIT_ON_ZERO_ACTIVE_CONNECTIONS\n          value: "false"',
        "every pod waits the whole drain time",
        contract("pods"),
    ),
    Mutant(
        POD,
        "value: {{ min 5 $drain }}s",
        "value: 0s",
        "requests fail at each roll-out: pods stop before callers have heard of it",
        contract("pods"),
    ),
    Mutant(
        POD,
        "maxUnavailable: 0",
        "maxUnavailable: 1",
        "a roll-out stops a pod before the next one is Ready",
        contract("pods"),
    ),
    Mutant(
        f"{TEMPLATES}/pod-disruption-budget.yaml",
        "unhealthyPodEvictionPolicy: AlwaysAllow",
        "unhealthyPodEvictionPolicy: IfHealthyBudget",
        "a dead upstream holds up the drain of a node",
        contract("pods"),
    ),
    Mutant(
        f"{TEMPLATES}/horizontal-pod-autoscaler.yaml",
        "averageUtilization: {{ $scaling.targetCPU }}",
        "averageUtilization: {{ $.Values.autoscaling.targetCPU }}",
        "a host's targetCPU is ignored",
        contract("pods"),
    ),
    Mutant(
        f"{TEMPLATES}/horizontal-pod-autoscaler.yaml",
        'ignore-healthcheck: \\"true\\"',
        'ignore-healthcheck: \\"false\\"',
        "Argo CD calls a fleet Degraded because pods of a dead upstream have no metrics",
        contract("order"),
    ),
    Mutant(
        POD,
        "            path: /ready\n            port: 15099",
        "            path: /healthz/ready\n            port: 15021",
        "readiness does not follow the upstream",
        contract("readiness"),
    ),
    Mutant(
        POD,
        "        restartPolicy: Always\n",
        "",
        "the pod waits for its OPA to end, and never starts",
        contract("requests"),
    ),
    Mutant(
        POD,
        "{{- if not $gateway.externalAuthorization.failOpen }}",
        "{{- if $gateway.externalAuthorization.failOpen }}",
        "a pod whose OPA is dead stays in the Service and refuses everything",
        contract("requests"),
    ),
    Mutant(
        f"{TEMPLATES}/envoy-filter-statistics.yaml",
        "|carried|",
        "||",
        "shared pods count nothing of their upstreams, and no alert sees one that is down",
        "tests/test_monitoring.py",
    ),
    Mutant(
        "compiler/egressc/emit/gateway.py",
        "MARKED if shared.filtered else ALL",
        '"|".join(counted(one.host) for one in shared.carried)',
        "a host more restarts the pods of all its neighbours",
        "tests/test_monitoring.py",
    ),
    Mutant(
        f"{TEMPLATES}/monitoring/prometheus-rule.yaml",
        "owner: {{ toJson . }}",
        'owner: ""',
        "an alert does not say whose host it is about",
        "tests/test_alerts.py",
    ),
    Mutant(
        "charts/egress-gateways/monitoring/rules.yaml",
        "unless on (namespace, egressc_io_gateway) (up",
        "and on (namespace, egressc_io_gateway) (up",
        "a gateway without pods is no alert",
        "tests/test_alerts.py",
    ),
)
