"""`python -m impromptu.backend.demo FOLDER`: four prompts, each as .blend, .glb, .mp4 and a contact sheet."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from .cli import main

PROMPTS = (
    "a man walking backwards",
    "an old woman in a green jacket waving with her right hand",
    "a strong man in a black tracksuit doing jumping jacks",
    "someone in a yellow shirt and grey pants doing a cartwheel",
)


def run(folder: Path) -> int:
    """Act the prompts into `folder`; stops at the first that fails."""
    folder.mkdir(parents=True, exist_ok=True)
    for prompt in PROMPTS:
        stem = folder / re.sub(r"\W+", "_", prompt)
        print(f'impromptu act "{prompt}" ...', flush=True)
        files = ["-o", f"{stem}.blend", "-o", f"{stem}.glb", "--preview", f"{stem}.mp4", "--preview", f"{stem}.png"]
        code = main(["act", prompt, *files])
        if code:
            return code
    print(f"\nOpen {folder}/*.png to see them, {folder}/*.blend in Blender.")
    return 0


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1] if len(sys.argv) > 1 else "demo")))
