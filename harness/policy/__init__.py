"""The policy gate: judges manifests, images' recipes and workflows by Rego and Checkov, and measures its own rules."""
