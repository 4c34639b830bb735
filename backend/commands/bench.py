"""`impromptu bench`: measure retrieval precision, speed against public peers, or how rendering scales."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..cli import emit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sub-commands and their options."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    retrieval = kinds.add_parser("retrieval", help="precision on pairs of query and matching label")
    retrieval.add_argument("--pairs", required=True, metavar="TSV", help="query, tab, matching label in each line")
    retrieval.add_argument("--k", type=int, default=3, help="labels that go to the second stage (default: 3)")
    retrieval.add_argument(
        "--library", metavar="LIB", help="rank among the labels of this library too (`default`: the one that ships)"
    )
    retrieval.add_argument(
        "--weights", action="store_true",
        help="compare weights of the default's vision-language encoder instead of orders",
    )  # fmt: skip
    retrieval.add_argument("--json", action="store_true", help="print JSON")
    speed = kinds.add_parser("speed", help="hot paths beside public peers, in one run")
    speed.add_argument("-o", "--output", default="build/bench.json", metavar="JSON", help="default: %(default)s")
    speed.add_argument("--only", default="", metavar="WORD", help="run only those whose module's name contains WORD")

    stylize = kinds.add_parser("stylize", help="looks by prompt, judged by an encoder that never guided")
    stylize.add_argument("--prompts", default="", metavar="FILE", help="one a line (default: 20 that are built in)")
    stylize.add_argument("--seeds", type=int, default=3, help="looks a prompt (default: %(default)s)")
    stylize.add_argument("--steps", type=int, default=150, help="of each (default: %(default)s)")
    stylize.add_argument("--start", default="plain", choices=("plain", "grey"), help="default: %(default)s")
    stylize.add_argument(
        "--ablation", default="", metavar="PICTURE",
        help="leave out each piece of the method instead, from a grey body, and draw a sheet",
    )  # fmt: skip
    stylize.add_argument(
        "--race", type=float, default=0.0, metavar="SECONDS",
        help="let the published schedule (264 pictures a step) run so long on the first prompt, from a grey body, "
        "and ours until its end, and tell when each has which score",
    )  # fmt: skip
    stylize.add_argument(
        "--sheet",
        default="",
        metavar="PICTURE",
        help="draw what each prompt's first seed looks like, before and after",
    )
    stylize.add_argument(
        "-o", "--output", default="", metavar="JSON",
        help="rows; a stopped run goes on from them (default: build/stylize.json, or build/race.json)",
    )  # fmt: skip

    render = kinds.add_parser("render", help="differentiable rendering by number of views, faces and pixels")
    render.add_argument("-o", "--output", default="build/render.json", metavar="JSON", help="default: %(default)s")
    render.add_argument("--device", default="cpu", help="cpu, or cuda (default: %(default)s)")
    render.add_argument("--repeats", type=int, default=3, help="of which the median counts (default: %(default)s)")


def run(args: argparse.Namespace) -> None:
    """Run the chosen benchmark."""
    {"retrieval": _retrieval, "speed": _speed, "render": _render, "stylize": _stylize}[args.kind](args)


def _retrieval(args: argparse.Namespace) -> None:
    from ..encoders import load_encoder, present_encoders
    from ..motion.library import Library
    from ..motion.pairs import compare_orders, compare_weights, read_pairs
    from ..protocol import check_positive

    check_positive("--k", args.k, 10_000)
    pairs = read_pairs(args.pairs)
    library = None if args.library is None else Library.open(None if args.library == "default" else args.library)
    further = [ref.text for ref in library.labels()] if library else []
    compare, show = (compare_weights, _show_weights) if args.weights else (compare_orders, _show_orders)
    result = compare(pairs, {name: load_encoder(name) for name in present_encoders()}, args.k, further)
    if args.json:
        emit(result)
    else:
        show(result)


def _show_orders(result: dict[str, Any]) -> None:
    from ..motion.pairs import SHOWN

    print(f"{'order':22} {'rows':>13} {'percent':>8} {'queries':>11} {f'among {SHOWN}':>8}")
    for name, row in result["variants"].items():
        rows, queries = f"{row['hits']} / {row['pairs']}", f"{row['right']} / {row['queries']}"
        print(f"{name:22} {rows:>13} {row['percent']:8.2f} {queries:>11} {row[f'among_{SHOWN}']:8}")


def _show_weights(result: dict[str, Any]) -> None:
    print(f"Queries right of {result['queries']}, by the weight in {' + '.join(result['stages'])}:")
    for row in result["weights"]:
        mark = "  <- used" if row["weight"] == result["used"] else ""
        print(f"{row['weight']:6.2f} {row['right']:5d}  halves {row['halves'][0]} and {row['halves'][1]}{mark}")
    one, other = result["chosen"]
    print(f"Chosen on each half ({one:g}, {other:g}) and counted on the other: {result['held_out']}.")


def _speed(args: argparse.Namespace) -> None:
    from ..benchmarks.table import measure, show

    print(show(measure(Path(args.output), args.only)))


def _stylize(args: argparse.Namespace) -> None:
    from ..encoders.factory import load_joint_encoder
    from ..outputs import check_writable
    from ..protocol import check_positive
    from ..style import ablation, evaluation, race
    from ..style.options import StyleOptions

    check_positive("--seeds", args.seeds, 1000)
    output = Path(args.output or ("build/race.json" if args.race else "build/stylize.json"))
    output.parent.mkdir(parents=True, exist_ok=True)
    check_writable([output, *(Path(p) for p in (args.ablation, args.sheet) if p)])
    guide, judge = load_joint_encoder("body"), load_joint_encoder("judge")
    options = StyleOptions(steps=args.steps)
    if args.ablation:
        rows, pictures = ablation.ablate(guide, judge, options, progress=_progress)
        ablation.write_sheet(Path(args.ablation), rows, pictures)
        print(ablation.show(rows))
        return
    prompts = evaluation.read_prompts(args.prompts) if args.prompts else evaluation.default_prompts()
    if args.race:
        print(race.show(race.race(prompts[0], args.race, guide, judge, kept=output, progress=_progress)))
        return
    pictures = output.with_suffix("") if args.sheet else None
    if pictures is not None:
        pictures.mkdir(exist_ok=True)
    rows = evaluation.evaluate(
        prompts, range(args.seeds), guide, judge, options, args.start, output, _progress, pictures
    )  # fmt: skip
    if pictures is not None:
        evaluation.write_looks(Path(args.sheet), pictures, prompts)
    print(evaluation.show(rows))


def _progress(what: str, step: int, total: int) -> None:
    print(f"{step + 1} of {total}: {what}", file=sys.stderr, flush=True)


def _render(args: argparse.Namespace) -> None:
    from ..benchmarks.render_scaling import run as measure_scaling
    from ..protocol import check_positive

    check_positive("--repeats", args.repeats, 1000)
    measure_scaling(Path(args.output), args.device, args.repeats)
