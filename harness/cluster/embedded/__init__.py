"""The embedded provider: a real Kubernetes of ordinary processes in namespaces of their own, without Docker or VM."""
