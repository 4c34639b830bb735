"""`find`: the labels that fit a prompt, each with a picture of its first clip."""

from __future__ import annotations

import shutil
from typing import Any

from ..context import JobContext
from ..files import write_json
from ..motion.library import Library
from ..motion.retrieval import refs_by_text, retrieve
from ..protocol import FindRequest
from ..thumbnails import label_thumbnail


def run(request: FindRequest, context: JobContext) -> tuple[dict[str, str], dict[str, Any]]:
    """Write `ranking.json`, and `thumb_0.png`, `thumb_1.png` ... beside it; the first is the job's preview.

    `ranking.json` is `Retrieval.to_json`; with `thumbnails` each ranked label that has a clip names its first clip's
    picture in that clip's `thumbnail`, and has the label's length there in `seconds`.

    Raises:
        ImpromptuError: with what to do about it. JobCancelled: asked to stop.
    """
    context.progress("Ranking the motions", 0, 1)
    library = Library.open(request.library or None)
    retrieval = retrieve(request, library)
    context.check()
    ranking = retrieval.to_json()
    files = {"ranking": "ranking.json"}
    if request.thumbnails:
        shown = [row for row in ranking["ranked"] if row["clips"]]
        for i, row in enumerate(shown):
            context.check()
            context.progress("Drawing", i, len(shown))
            first = row["clips"][0]
            ref = next(r for r in refs_by_text(library, row["label"]) if r.clip == first["clip"])
            name = f"thumb_{i}.png"
            entry = library.entry(first["clip"])
            first["seconds"] = round((ref.end - ref.start if ref.end > ref.start else entry.frames) / entry.fps, 3)
            shutil.copyfile(label_thumbnail(library, ref), context.folder / name)
            first["thumbnail"] = files[f"thumb_{i}"] = name
            if i == 0:
                context.preview(name)
    write_json(context.folder / "ranking.json", ranking)
    return files, {"labels": len(ranking["ranked"]), "order": retrieval.order, "note": retrieval.full_note}
