"""Every network path, allowed and blocked: declared (intent), computed (evaluator) and tried (probe)."""
