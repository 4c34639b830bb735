"""`impromptu library`: add, list, remove, export and verify motions."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..cli import emit
from ..motion.clip import Clip, Label
from ..motion.contacts import detect_contacts
from ..motion.dirty import clean_frames
from ..motion.label_index import is_label_index, read_label_index
from ..motion.library import Library
from ..motion.ops import ground, mirror
from ..protocol import ImpromptuError, check_positive

Index = list[tuple[str | None, str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sub-commands and their options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print JSON")
    read = argparse.ArgumentParser(add_help=False, parents=[shared])
    read.add_argument(
        "--library", default="", metavar="LIB", help="folder or .zip file (default: the one that ships)"
    )
    write = argparse.ArgumentParser(add_help=False, parents=[shared])
    write.add_argument("--library", required=True, metavar="LIB", help="folder of the library")

    add = actions.add_parser("add", parents=[write], help="import motions and labels; makes the library if need be")
    add.add_argument("files", nargs="+", metavar="FILE", help="motion (.bvh .npz .txt) or labels (.md .tsv .txt)")
    add.add_argument("--fps", type=float, default=30.0, help="frames a second to keep (default: 30)")
    add.add_argument("--labels", action="append", default=[], metavar="FILE", help="labels by clip: lines `ID  text`")
    add.add_argument("--babel", action="append", default=[], metavar="JSON", help="BABEL's labels for AMASS files")
    add.add_argument("--mirror", action="store_true", help="also add each motion with left and right exchanged")
    add.add_argument("--overwrite", action="store_true", help="replace clips of the same name")

    show = actions.add_parser("list", parents=[read], help="list clips")
    show.add_argument("--search", default="", metavar="WORDS", help="only those whose name or labels hold all words")
    remove = actions.add_parser("remove", parents=[write], help="take clips out")
    remove.add_argument("names", nargs="+", metavar="NAME")
    export = actions.add_parser("export", parents=[read], help="copy to a new folder or a .zip file")
    export.add_argument("target", metavar="OUT")
    actions.add_parser("verify", parents=[read], help="check every file against the manifest")


def run(args: argparse.Namespace) -> int:
    """Run the chosen action."""
    actions = {"add": _add, "list": _list, "remove": _remove, "export": _export, "verify": _verify}
    return actions[args.action](args)


def prepare(clip: Clip) -> Clip:
    """An imported clip made ready for the library: bad frames bridged or flagged, feet on the floor, contacts."""
    cleaned = clean_frames(clip)
    # The importers have put the clip on the floor already.
    clip = clip if cleaned is clip else ground(cleaned)
    return clip.with_(contacts=detect_contacts(clip))


def _add(args: argparse.Namespace) -> int:
    check_positive("--fps", args.fps, 240)
    root = Path(args.library)
    # Wrong folders are refused before the work, but none is made until there is something to keep.
    Library.check_place(root)
    indexes = [*args.labels, *(f for f in args.files if is_label_index(f))]
    failed = False
    pairs: Index = []
    clips: list[Clip] = []
    records: list[dict[str, Any]] = []
    for path in indexes:
        try:
            pairs += read_label_index(path)
        except ImpromptuError as error:
            failed = _refuse(path, error)
    texts = _by_id(pairs)
    for path in (f for f in args.files if f not in indexes):
        try:
            new, reports = _import(path, args, texts)
        except ImpromptuError as error:
            failed = _refuse(path, error)
        else:
            clips += new
            records += reports
    if clips or pairs:
        library = Library.open_or_create(root)
        names = iter(library.add(clips, overwrite=args.overwrite))
        for record in records:
            record["clip"] = next(names)
            if args.mirror:
                record["mirrored"] = next(names)
        library.add_labels(pairs)
    _report_added(args, records, len(pairs))
    return 2 if failed else 0


def _refuse(path: str, error: ImpromptuError) -> bool:
    """Say which file is bad; the others go on."""
    name = Path(path).name
    sentence = str(error) if name in error.message else f"{name}: {error}"
    print(f"impromptu: {sentence}", file=sys.stderr)
    return True


def _by_id(pairs: Index) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for id, text in pairs:
        texts.setdefault((id or "").lower(), []).append(text)
    return texts


def _import(
    path: str, args: argparse.Namespace, texts: dict[str, list[str]]
) -> tuple[list[Clip], list[dict[str, Any]]]:
    """The clips of a file, each followed by its mirror image if asked for, and a record for each recording."""
    from ..motion.importers import import_file

    clips, records = [], []
    for item in import_file(path, fps=args.fps, babel=args.babel):
        clip = _labelled(prepare(item.clip), texts.get(Path(path).stem.lower(), []))
        clips.append(clip)
        if args.mirror:
            clips.append(mirror(clip))
        flags = list(dict.fromkeys([*item.report.get("flags", ()), *clip.flags]))
        if clip.labels and "unlabelled" in flags:
            flags.remove("unlabelled")
        records.append({**item.report, "file": str(path), "flags": flags})
    return clips, records


def _labelled(clip: Clip, texts: list[str]) -> Clip:
    """With the index's labels for its file, so that a mirror image gets them mirrored."""
    new = tuple(Label(t, 0, len(clip)) for t in texts if all(l.text != t for l in clip.labels))
    flags = tuple(f for f in clip.flags if f != "unlabelled") if new else clip.flags
    return clip.with_(labels=(*clip.labels, *new), flags=flags)


def _report_added(args: argparse.Namespace, records: list[dict[str, Any]], labels: int) -> None:
    if args.json:
        emit({"clips": records, "labels": labels, "library": args.library})
        return
    for record in records:
        flags = f"  [{', '.join(record['flags'])}]" if record["flags"] else ""
        print(f"{record['file']} -> {record['clip']}{flags}")
    print(f"{len(records)} motions, {labels} labels from index files.")


def _list(args: argparse.Namespace) -> int:
    library = Library.open(args.library or None)
    words = args.search.lower().split()

    def found(*texts: str) -> bool:
        return all(w in " ".join(texts).lower() for w in words)

    entries = [e for e in library.entries if found(e.name, *(l.text for l in e.labels))]
    texts = [t for t in library.texts if found(t.id or "", t.text)]
    if args.json:
        hidden = {"file", "sha256", "digest"}
        rows = [{k: v for k, v in asdict(e).items() if k not in hidden} for e in entries]
        emit({"clips": rows, "texts": [t._asdict() for t in texts]})
        return 0
    for e in entries:
        said = "; ".join(l.text for l in e.labels)
        print(f"{e.name:32} {e.frames / e.fps:7.1f} s  {e.kind:8} {said}")
    print(f"{len(entries)} clips, {len(texts)} labels without a clip.")
    return 0


def _remove(args: argparse.Namespace) -> int:
    removed = Library.open(args.library).remove(args.names)
    if args.json:
        emit({"removed": removed})
    else:
        print(f"{len(removed)} clips removed.")
    return 0


def _export(args: argparse.Namespace) -> int:
    path = Library.open(args.library or None).export(args.target)
    if args.json:
        emit({"file": str(path)})
    else:
        print(path)
    return 0


def _verify(args: argparse.Namespace) -> int:
    library = Library.open(args.library or None)
    problems = library.verify()
    if args.json:
        emit({"clips": len(library.entries), "labels": len(library.labels()), "problems": problems})
    else:
        print("\n".join(problems) or f"{len(library.entries)} clips, all well.")
    return 2 if problems else 0
