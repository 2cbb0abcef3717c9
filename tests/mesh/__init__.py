"""A real one-node Kubernetes with istiod and Envoy, and upstreams outside the mesh: the chart is proven by packets."""
