"""What jobs do: one module a kind, each with `run(request, context)`.

It returns the result files by name, as paths in the job's folder, and metrics (JSON values). Nothing here is imported
before a job of its kind comes, so that the host answers before torch is there.
"""
