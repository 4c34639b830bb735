"""`impromptu retrieve`: rank the motion library's labels by a prompt."""

from __future__ import annotations

import argparse

from ..cli import emit
from ..protocol import RetrieveRequest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options, with the request's own defaults."""
    defaults = {name: f.default for name, f in RetrieveRequest.__dataclass_fields__.items()}
    parser.add_argument("prompt", metavar="PROMPT", help='what the person does, as in "a man walking backwards"')
    parser.add_argument(
        "--library", default="", metavar="LIB", help="folder or .zip file (default: the one that ships)"
    )
    parser.add_argument("--top", type=int, default=defaults["top"], help="labels to return (default: %(default)s)")
    parser.add_argument(
        "--order", default=defaults["order"],
        help="auto, impromptu, or stages joined by +: clip, body, minilm, mpnet, some of them joined by a comma, and "
        "last words, as in body,minilm+words (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--k", type=int, default=defaults["k"],
        help="labels that the first stage hands to the second (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=defaults["seed"], help="decides among clips of one label")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    """Rank and print."""
    request = RetrieveRequest(
        args.prompt, library=args.library, top=args.top, order=args.order, k=args.k, seed=args.seed
    )
    from ..motion.library import Library
    from ..motion.retrieval import retrieve

    found = retrieve(request, Library.open(request.library or None))
    if args.json:
        emit(found.to_json())
        return
    for place, label in enumerate(found.ranked, 1):
        clips = ", ".join(label.clips[:3]) + (f" and {len(label.clips) - 3} more" if len(label.clips) > 3 else "")
        print(f"{place:3d}  {label.score:.3f}  {label.text}  [{clips or 'no clip'}]")
    if found.chosen:
        print(f"plays {found.chosen.clip}, frames {found.chosen.start} to {found.chosen.end}")
    print(found.full_note)
