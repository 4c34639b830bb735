"""`impromptu body`: what a body model is, how large a shape of it is, and that shape as a mesh."""

from __future__ import annotations

import argparse
from typing import Any

from ..cli import emit
from ..protocol import check_suffix, parse_betas


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--body`, `--betas`, `--obj`, `--json`."""
    parser.add_argument(
        "--body",
        default="neutral",
        metavar="SPEC",
        help="neutral, male, female, head, dog, or a file (.npz, .pkl) of SMPL, SMPL-H, SMPL-X, FLAME or SMAL",
    )
    parser.add_argument("--betas", default="", help='shape, as "1,0,2" or "stature=1,weight=-2"')
    parser.add_argument("--obj", metavar="FILE", help="write the shaped mesh as .obj")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> None:
    """Describe the body, and write its mesh if asked to."""
    pairs = parse_betas(args.betas)
    if args.obj is not None:
        check_suffix(args.obj, (".obj",), "A mesh")
    from ..body import load_body
    from ..body.axes import resolve_betas
    from ..body.measure import measure
    from ..body.obj import write_obj

    body = load_body(args.body)
    betas = resolve_betas(body, pairs)
    facts = {
        "name": body.name,
        "kind": body.kind,
        "gender": body.gender,
        "vertices": body.num_vertices,
        "faces": len(body.faces),
        "joints": body.num_joints,
        "beta_names": list(body.beta_names),
        "expression_names": list(body.expression_names),
        "betas": [round(float(b), 4) for b in betas[0]],
        "measurements": measure(body, betas).to_json(),
        "sha256": body.sha256,
        "licence": body.licence,
    }
    if args.obj is not None:
        extras = body.arrays.extras
        write_obj(args.obj, body.shaped(betas)[0].numpy(), body.arrays.faces, extras.get("vt"), extras.get("ft"))
        facts["files"] = [args.obj]
    if args.json:
        emit(facts)
    else:
        print(_as_text(facts))


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:12])
    return f"{len(names)}" + (f" ({shown}{', ...' if len(names) > 12 else ''})" if names else "")


def _girths(girths: dict[str, float]) -> list[str]:
    """One line, none for a body without any."""
    shown = ", ".join(f"{name.replace('_', ' ')} {100 * value:.0f}" for name, value in girths.items())
    return [f"around, cm: {shown}"] if shown else []


def _as_text(facts: dict[str, Any]) -> str:
    size = facts["measurements"]
    leg = "" if size["leg_m"] is None else f", legs {size['leg_m']:.2f} m"
    lines = [
        f"{facts['name']} ({facts['kind']}, {facts['gender']})",
        f"{facts['vertices']:,} vertices, {facts['faces']:,} faces, {facts['joints']} joints",
        f"shape axes: {_names(facts['beta_names'])}",
        f"expression axes: {_names(facts['expression_names'])}",
        f"this shape: {size['height_m']:.2f} m, {size['volume_l']:.1f} L, about {size['weight_kg']:.0f} kg{leg}",
        *_girths(size["girths_m"]),
        f"licence: {facts['licence']}",
        f"sha256: {facts['sha256']}",
    ]
    return "\n".join(lines + [f"wrote {file}" for file in facts.get("files", [])])
