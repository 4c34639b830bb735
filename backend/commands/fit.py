"""`impromptu semantify fit`, `fit-eval` and `fit-train`: from a photo of a person to a shape."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cli import emit
from ..protocol import FINDERS, FIT_BODIES, FitRequest, check_suffix, parse_crop

if TYPE_CHECKING:
    from ..semantify.photo.fit import Fitted

OUTPUTS = (".npz", ".json", ".obj")
PICTURES = (".png", ".jpg")
CACHE = "build/semantify"


def add_arguments(kinds: Any) -> None:
    """`fit`, `fit-eval` and `fit-train` among the kinds of `impromptu semantify`."""
    d = FitRequest.__dataclass_fields__
    fit = kinds.add_parser("fit", help="the shape of a person in a photo", description="Fit a shape to a photo.")
    fit.add_argument("image", metavar="IMAGE", help="PNG, JPEG, WebP, BMP, GIF or TIFF")
    fit.add_argument("--model", default=d["body"].default, choices=FIT_BODIES,
                     help="the mean that betas count from (default: %(default)s)")  # fmt: skip
    fit.add_argument("--height", type=float, default=d["height"].default, metavar="METRES",
                     help="of the person, where it is known: no photo tells it")  # fmt: skip
    fit.add_argument("--crop", default="", metavar="X,Y,W,H", help="look there alone, pixels")
    fit.add_argument("--person", type=int, default=d["person"].default, metavar="N",
                     help="which of the people, from the largest (default: %(default)s)")  # fmt: skip
    fit.add_argument("--finder", default=d["finder"].default, choices=FINDERS,
                     help="what tells a person from the rest (default: %(default)s)")  # fmt: skip
    fit.add_argument("-o", "--output", action="append", default=[], metavar="FILE",
                     help=f"write the body as {', '.join(OUTPUTS)} (repeatable)")  # fmt: skip
    fit.add_argument("--preview", metavar="FILE", help="the crop beside the body (.png, .jpg)")
    fit.add_argument("--save-crop", metavar="FILE", help="the person, cut out of the photo (.png, .jpg)")
    fit.add_argument("--json", action="store_true", help="print one JSON document")
    evaluate = kinds.add_parser("fit-eval", help="measure fit on drawn people of known shape", description="Measure.")
    evaluate.add_argument("--people", type=int, default=20, help="default: %(default)s")
    evaluate.add_argument("--model", default="neutral", choices=FIT_BODIES, help="default: %(default)s")
    evaluate.add_argument("--seed", type=int, default=0, help="of the people (default: %(default)s)")
    evaluate.add_argument("--plain", action="store_true", help="all in tight clothes, standing, from ahead")
    evaluate.add_argument("--no-paper", action="store_true", help="without the published mapper beside it")
    evaluate.add_argument("--cache", default=CACHE, metavar="FOLDER", help="default: %(default)s")
    evaluate.add_argument("--json", action="store_true", help="print one JSON document")
    train = kinds.add_parser("fit-train", help="learn the map from photos to betas", description="Learn the map.")
    train.add_argument("-o", "--output", required=True, metavar="FILE", help="map to write, .npz")
    train.add_argument("--photos", type=int, default=10_000, help="default: %(default)s")
    train.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    train.add_argument("--cache", default=CACHE, metavar="FOLDER", help="default: %(default)s")


def _progress(done: int, count: int) -> None:
    if sys.stderr.isatty() or done == count:
        print(f"\r{done:,} of {count:,}", end="\n" if done == count else "", file=sys.stderr, flush=True)


def fit(args: argparse.Namespace) -> None:
    """Fit one photo, write what is asked for: all of it, or nothing."""
    goals = [check_suffix(path, OUTPUTS, "A body") for path in args.output]
    if args.preview is not None:
        goals.append(check_suffix(args.preview, PICTURES, "A preview"))
    if args.save_crop is not None:
        goals.append(check_suffix(args.save_crop, PICTURES, "A crop"))
    request = FitRequest(
        image=args.image, body=args.model, finder=args.finder, crop=parse_crop(args.crop), person=args.person,
        height=args.height,
    )  # fmt: skip
    from ..outputs import check_writable, publish
    from ..semantify.photo.fit import facts_of, fit_photo

    check_writable(goals)
    fitted = fit_photo(request)
    facts = facts_of(fitted)
    with tempfile.TemporaryDirectory(prefix="impromptu-") as folder:
        staged = {}
        for i, goal in enumerate(goals):
            path = Path(folder) / f"{i}{goal.suffix.lower()}"
            if i < len(args.output):
                _write(path, fitted, facts)
            else:
                _picture(path, fitted, args.preview is not None and i == len(args.output))
            staged[path] = goal
        publish(staged)
    facts["files"] = [str(goal) for goal in goals]
    if args.json:
        emit(facts)
    else:
        print(as_text(facts))


def _write(path: Path, fitted: Fitted, facts: dict[str, Any]) -> None:
    """The body as a file of one of `OUTPUTS`."""
    import torch

    from ..body import write_actor_body
    from ..body.obj import write_obj
    from ..files import write_json

    if path.suffix == ".json":
        write_json(path, facts)
    elif path.suffix == ".npz":
        write_actor_body(fitted.body, path, fitted.betas)
    else:
        arrays = fitted.body.arrays
        with torch.no_grad():
            mesh = fitted.body.shaped(torch.from_numpy(fitted.betas.astype("float32")))[0].numpy()
        write_obj(path, mesh, arrays.faces, arrays.extras.get("vt"), arrays.extras.get("ft"))


def _picture(path: Path, fitted: Fitted, preview: bool) -> None:
    from ..semantify.photo.preview import preview_of, save_picture

    save_picture(path, preview_of(fitted) if preview else fitted.crop)


def as_text(facts: dict[str, Any]) -> str:
    """The result in a few lines for a person."""
    found, size = facts["found"], facts["measurements"]
    left, top, width, height = found["box"]
    by = {"pose": "by joints and outline", "alpha": "by transparency, without joints",
          "backdrop": "by a plain backdrop, without joints", "whole": "by nothing: the whole picture"}  # fmt: skip
    lines = [
        f"person {found['person']} of {found['people']}, found {by[found['by']]}",
        f"at {left},{top}, {width} x {height} pixels",
        "betas: " + ", ".join(f"{k} {v:+.2f}±{facts['deviations'][k]:.2f}" for k, v in facts["betas"].items()),
        "sliders: " + ", ".join(f"{k} {v:+.2f}" for k, v in facts["sliders"].items()),
        f"this shape: {size['height_m']:.2f} m, about {size['weight_kg']:.0f} kg",
    ]
    best = sorted(facts["scores"].items(), key=lambda row: -row[1])[:5]
    lines.append("most like: " + ", ".join(f"{word} {value:+.1f}" for word, value in best))
    if not found["joints"]:
        lines.append(
            'No joints were found, so this is little more than the mean body: pip install "impromptu[photo]".'
        )
    if "height" not in facts["options"]:
        lines.append("A photo does not tell how tall somebody is: say so with --height, if you know it.")
    return "\n".join(lines + [f"wrote {file}" for file in facts["files"]])


def evaluate(args: argparse.Namespace) -> None:
    """Measure, and print the table."""
    from ..encoders.torchvision_ops import ensure_torchvision_imports

    ensure_torchvision_imports()
    from ..semantify.photo import evaluation

    asked = evaluation.Asked(args.people, args.model, args.seed, args.plain, not args.no_paper)
    with contextlib.redirect_stdout(sys.stderr):
        found = evaluation.evaluate(asked, Path(args.cache), _progress)
    if args.json:
        emit(found)
    else:
        print(evaluation.as_text(found))


def train(args: argparse.Namespace) -> None:
    """Learn the map, write it, and print what it explains."""
    output = check_suffix(args.output, (".npz",), "A map")
    from ..encoders.torchvision_ops import ensure_torchvision_imports
    from ..outputs import check_writable

    check_writable([output])
    ensure_torchvision_imports()
    from ..semantify.photo.learning import learn, save_photo_map

    learnt = learn(args.photos, args.seed, Path(args.cache), _progress)
    save_photo_map(output, learnt.photo_map)
    for name, share in learnt.explained.items():
        print(f"{name:16} {100 * share:5.1f} % of its variance, held out")
    print(output)
