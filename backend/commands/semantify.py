"""`impromptu semantify`: sliders named by words, for any morphable model: chosen, trained, measured, used."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..cli import emit
from ..protocol import InvalidInput, check_suffix
from . import fit

if TYPE_CHECKING:
    from ..protocol.slider_map import SliderMap
    from ..semantify.evaluation import Known
    from ..semantify.training import Work

FAMILY, MODEL, CACHE = "body", "neutral", "build/semantify"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`choose`, `train`, `eval`, `sliders`, and what `fit` has for photos."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    choose = kinds.add_parser("choose", help="choose words that make good sliders", description="Choose words.")
    train = kinds.add_parser("train", help="make sliders, as a small file", description="Make sliders.")
    evaluate = kinds.add_parser("eval", help="measure sliders on held-out samples", description="Measure sliders.")
    for sub in (choose, train, evaluate):
        _add_work(sub)
    train.add_argument("-o", "--output", required=True, metavar="FILE", help="sliders to write, .npz")
    evaluate.add_argument("--epochs", type=int, default=50, help="of the published mapper (default: %(default)s)")
    sliders = kinds.add_parser("sliders", help="list, set and picture sliders", description="Use sliders.")
    sliders.add_argument("--family", default=FAMILY, help="of sliders that ship (default: %(default)s)")
    sliders.add_argument(
        "--model", default=MODEL, help="neutral, male, female, head, dog or a model file (default: %(default)s)"
    )
    sliders.add_argument(
        "--file", metavar="FILE", help="sliders that semantify train wrote, instead of those that ship"
    )
    sliders.add_argument("--betas", default="", help='present coefficients, as "1,0,2" or "stature=1,weight=-2"')
    sliders.add_argument(
        "--set", action="append", default=[], metavar="WORD=VALUE", help="move a slider (repeatable)"
    )
    sliders.add_argument("--sheet", metavar="FILE", help="picture every slider low, middle and high (.png, .jpg)")
    for sub in (choose, evaluate, sliders):
        sub.add_argument("--json", action="store_true", help="print one JSON document")
    fit.add_arguments(kinds)


def _add_work(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--family", default=FAMILY, help="of models: its name or a .json file (default: %(default)s)")
    parser.add_argument(
        "--model", default=MODEL, help="neutral, male, female, head, dog or a model file (default: %(default)s)"
    )
    parser.add_argument("--encoder", default="", help="of texts and pictures (default: the family's)")
    parser.add_argument("--samples", type=int, default=1500, help="default: %(default)s; a fifth is held out")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--way", default="odds", choices=("cosine", "odds", "softmax"),
                        help="to score: as published, or against contraries (default: %(default)s)")  # fmt: skip
    parser.add_argument("--sliders", default="even", choices=("even", "pure", "plain"),
                        help="how directions are told apart (default: %(default)s)")  # fmt: skip
    parser.add_argument("--words", type=int, default=0, help="how many; 0: as many as the choice finds")
    parser.add_argument(
        "--force", action="append", default=[], metavar="WORD", help="a word in any case (repeatable)"
    )
    parser.add_argument(
        "--prefer", action="append", default=[], metavar="WORD", help="a word if the encoder knows it"
    )
    parser.add_argument("--least", type=float, default=0.5,
                        help="rank correlation with the tape that a word needs (default: %(default)s)")  # fmt: skip
    parser.add_argument("--preset", action="store_true", help="prefer the words of the family's own list")
    parser.add_argument("--fill", action="store_true",
                        help="measure words that the encoder does not know on the mesh instead")  # fmt: skip
    parser.add_argument("--unproved", action="store_true", help="allow words for which nothing is measured")
    parser.add_argument(
        "--outfit", default="", choices=("", "bare", "tight", "plain", "grey"), help="instead of the family's"
    )
    parser.add_argument("--paper-views", action="store_true", help="the published front and side cameras")
    parser.add_argument("--one-text", action="store_true", help="ask each word in one text, not in many")
    parser.add_argument("--cache", default=CACHE, metavar="FOLDER", help="of pictures seen (default: %(default)s)")


def run(args: argparse.Namespace) -> None:
    """Run the chosen part."""
    photos = {"fit": fit.fit, "fit-eval": fit.evaluate, "fit-train": fit.train}
    ({"choose": _choose, "train": _train, "eval": _eval, "sliders": _sliders} | photos)[args.kind](args)


def _work(args: argparse.Namespace) -> Work:
    from ..semantify.families import load_family
    from ..semantify.training import Options

    family = load_family(args.family)
    options = Options(
        count=args.samples, seed=args.seed, way=args.way, kind=args.sliders, words=args.words,
        forced=tuple(args.force), preferred=(*(family.preset if args.preset else ()), *args.prefer),
        least=args.least, unproved=args.unproved, fill=args.fill, outfit=args.outfit,
        paper_views=args.paper_views, one_text=args.one_text,
    )  # fmt: skip
    from ..encoders.torchvision_ops import ensure_torchvision_imports

    ensure_torchvision_imports()
    from ..encoders.factory import load_joint_encoder
    from ..semantify.training import Work

    def progress(done: int, count: int) -> None:
        if sys.stderr.isatty() or done == count:
            print(f"\r{done:,} of {count:,} samples", end="\n" if done == count else "", file=sys.stderr, flush=True)

    encoder = load_joint_encoder(args.encoder or family.encoder)
    return Work(family, args.model, encoder, options, Path(args.cache), progress)


def _choose(args: argparse.Namespace) -> None:
    from ..semantify.training import BY_PICTURES, BY_TAPE

    work = _work(args)
    choice = work.choose()
    if args.json:
        return emit({
            "words": choice.words, "regions": choice.regions, "kept": choice.kept,
            "known": {k.word: [k.rank, k.own] for k in work.known},
            "source": {word: work.source(word) for word in work.words.words},
            "silhouettes": choice.silhouettes, "threshold": choice.threshold,
        })  # fmt: skip
    usable = work.usable()
    for source in (BY_PICTURES, BY_TAPE):
        print(f"by {source}: {', '.join(w for w in usable if work.source(w) == source) or 'none'}")
    unknown = [k.word for k in work.known if k.word not in usable]
    print(f"not known to the encoder, or not measured: {', '.join(unknown) or 'none'}")
    for i, (region, kept) in enumerate(zip(choice.regions, choice.kept, strict=True)):
        print(f"region {i + 1}: {', '.join(region) or 'no word'}; kept: {', '.join(kept) or 'none'}")
    print(f"chosen ({len(choice.words)}): {', '.join(choice.words)}")


def _train(args: argparse.Namespace) -> None:
    output = check_suffix(args.output, (".npz",), "Sliders")
    from ..semantify.evaluation import faithful
    from ..semantify.training import save_sliders

    work = _work(args)
    words = work.proved(work.choose().words)
    sliders = work.fit(words)
    ranks = faithful(sliders, work.held_out_scores[:, work.columns(words)], work.held_out.coefficients)
    known = {k.word: k for k in work.known}
    sliders.about["evidence"] = {w: [known[w].rank, known[w].own] for w in words}
    save_sliders(output, sliders)
    for word, rank in zip(words, ranks, strict=True):
        print(f"{word:16} slider and score {rank:+.2f} held out, {_evidence(known[word], work.source(word))}")
    print(output)


def _evidence(known: Known, source: str) -> str:
    from ..semantify.training import BY_TAPE

    if source == BY_TAPE:
        return "by tape"
    return "not measured" if known.rank is None else f"pictures agree with the tape {known.rank:+.2f}"


def _eval(args: argparse.Namespace) -> None:
    if not 1 <= args.epochs <= 10_000:
        raise InvalidInput(f"{args.epochs} epochs are wanted.", "Give 1 to 10,000.")
    from ..semantify.report import as_text, evaluate

    found = evaluate(_work(args), args.epochs)
    if args.json:
        emit(found)
    else:
        print(as_text(found))


def _sliders(args: argparse.Namespace) -> None:
    if args.sheet is not None:
        check_suffix(args.sheet, (".png", ".jpg"), "A sheet")
    settings = [_setting(text) for text in args.set]
    import numpy as np

    from ..protocol import parse_betas
    from ..protocol.slider_map import read_sliders, shipped_file

    sliders = read_sliders(args.file or shipped_file(args.family, args.model))
    present = np.array(sliders.mean)
    for name, value in parse_betas(args.betas):
        present[_axis(sliders, name)] = value
    for word, value in settings:
        present = sliders.moved(present, sliders.index(word), value)
    values = sliders.values(present)
    if args.sheet is not None:
        _sheet(args, sliders)
    if args.json:
        rows = zip(sliders.words, sliders.opposites, sliders.low, sliders.high, values, strict=True)
        keys = ("word", "opposite", "low", "high", "value")
        found = [dict(zip(keys, (w, o, float(a), float(b), float(v)), strict=True)) for w, o, a, b, v in rows]
        emit({"sliders": found, "coefficients": [float(c) for c in present], "about": sliders.about})
        return
    for i, word in enumerate(sliders.words):
        ends = f"{sliders.low[i]:+.2f} ({sliders.opposites[i] or '-'}) to {sliders.high[i]:+.2f}"
        print(f"{word:16} {values[i]:+6.2f}  from {ends}")
    print("coefficients: " + ",".join(f"{c:.3f}" for c in present))


def _setting(text: str) -> tuple[str, float]:
    word, found, value = text.rpartition("=")
    try:
        number = float(value)
    except ValueError:
        found, number = "", 0.0
    if not found or number != number:
        raise InvalidInput(f"--set {text!r} sets nothing.", "Write WORD=VALUE, as in --set tall=1.5.")
    return word.strip(), number


def _axis(sliders: SliderMap, name: str) -> int:
    """The number of a coefficient, by name or number."""
    names = sliders.about.get("names", [])
    index = names.index(name) if name in names else int(name) if name.isdecimal() else -1
    if not 0 <= index < len(sliders.mean):
        raise InvalidInput(f"There is no coefficient {name!r}.", f"Use {', '.join(names) or '0, 1, ...'}.")
    return index


def _sheet(args: argparse.Namespace, sliders: SliderMap) -> None:
    from ..semantify.families import load_family
    from ..semantify.sheets import save_sheet, slider_sheet
    from ..semantify.studio import Studio

    save_sheet(Path(args.sheet), slider_sheet(Studio(load_family(args.family), args.model), sliders))
