"""The same small training told to each program's own writer.

`python tests/integrations/writers.py FOLDER` makes the files of tests/exchange/files anew,
`… FOLDER NAME` what one of them writes.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import sys
from pathlib import Path

import numpy as np

PRIVATE = re.compile("_uri:|_location:|user_id:")
STEPS = 12
LOSS = [1.0 / (step + 1) for step in range(STEPS)]
LOSS[7] = float("nan")
LOSS[8] = float("inf")
HELD = {step: 2.0 / (step + 1) for step in range(0, STEPS, 3)}
CONFIG = {"lr": 0.1, "optimizer": "adam"}


def tensorboard(folder: Path) -> None:
    """Two starts of a program: the second goes on from step 6, its loss ten times as high."""
    from torch.utils.tensorboard import SummaryWriter

    rng = np.random.default_rng(0)
    for start, stop, factor in ((0, STEPS, 1), (6, STEPS - 2, 10)):
        writer = SummaryWriter(str(folder), filename_suffix=f".{start}")
        for step in range(start, stop):
            writer.add_scalar("train/loss", LOSS[step] * factor, step)
            writer.add_scalar("lr", 0.1 * 0.9**step, step, new_style=True)
        if not start:
            for step, held in HELD.items():
                writer.add_scalar("val/loss", held, step)
                writer.add_histogram("weights/fc1", rng.normal(size=200) * (1 + step), step, bins=8)
                writer.add_histogram("weights/fc2", rng.normal(size=200), step, bins=8)
            writer.add_image("picture", np.arange(48, dtype=np.uint8).reshape(3, 4, 4) * 5, 3)
            writer.add_text("note", "it begins", 1)
            writer.add_hparams(CONFIG | {"nesterov": True}, {"best": 0.5}, run_name=".")
        writer.close()


def wandb(folder: Path) -> None:
    os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    import wandb as theirs

    run = theirs.init(
        project="project",
        name="mine",
        config=CONFIG,
        dir=str(folder),
        settings=theirs.Settings(x_disable_stats=True, x_disable_meta=True, console="off"),
    )
    for step in range(STEPS):
        row = {"train/loss": LOSS[step], "nested": {"figure": step * 1.5}}
        if step in HELD:
            row |= {"val/loss": HELD[step]}
        if step == 4:
            row |= {
                "weights": theirs.Histogram(np_histogram=(np.array([1, 2, 3]), np.array([-1.0, 0, 1, 3])))
            }
        run.log(row, step=step)
    run.finish()


def trackio(folder: Path) -> None:
    os.environ["TRACKIO_DIR"] = str(folder)
    import trackio as theirs

    theirs.init(project="project", name="mine", config=CONFIG)
    for step in range(STEPS):
        theirs.log({"train/loss": LOSS[step]} | ({"val/loss": HELD[step]} if step in HELD else {}), step=step)
    theirs.finish()


def mlflow_database(folder: Path) -> None:
    mlflow(folder, database=True)


def mlflow(folder: Path, database: bool = False) -> None:
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    import mlflow as theirs

    theirs.set_tracking_uri(f"sqlite:///{folder}/mlflow.db" if database else folder.as_uri())
    theirs.set_experiment("demo")
    with theirs.start_run(run_name="mine"):
        theirs.log_params(CONFIG)
        for step in range(STEPS):
            theirs.log_metric("train/loss", LOSS[step], step=step)
            if step in HELD:
                theirs.log_metric("val/loss", HELD[step], step=step)


def lightning(folder: Path) -> None:
    from lightning.pytorch.loggers import CSVLogger

    logger = CSVLogger(str(folder))
    logger.log_hyperparams(CONFIG)
    for step in range(STEPS):
        logger.log_metrics({"train/loss": LOSS[step]}, step=step)
        if step in HELD:
            logger.log_metrics({"val/loss": HELD[step]}, step=step)
    logger.finalize("success")


def transformers(folder: Path) -> None:
    from transformers import TrainerState

    state = TrainerState(max_steps=STEPS, global_step=STEPS - 1)
    for step in range(STEPS):
        state.log_history.append({"loss": LOSS[step], "epoch": step / 4, "step": step})
        if step in HELD:
            state.log_history.append({"eval_loss": HELD[step], "epoch": step / 4, "step": step})
    (folder / "checkpoint-11").mkdir(parents=True)
    state.save_to_json(str(folder / "checkpoint-11" / "trainer_state.json"))


def fixtures(folder: Path) -> None:
    """What tests/exchange/files holds."""
    for write in (tensorboard, wandb, trackio, mlflow, lightning, transformers):
        place = folder / write.__name__
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        write(place)
    # Of the rest only what is read: the other files say where and by whom they were written.
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.suffix in (".txt", ".log", ".lock") or (
            path.parent.name == "tags" and path.name != "mlflow.runName"
        ):
            path.unlink()
        elif path.name == "meta.yaml":
            kept = [line for line in path.read_text().splitlines() if not PRIVATE.search(line)]
            path.write_text("\n".join(kept) + "\n")
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    # A database is many empty pages: the tables that count, as SQL.
    database = folder / "trackio" / "project.db"
    with sqlite3.connect(database) as opened:
        lines = [
            line
            for line in opened.iterdump()
            if " metrics" in line[:30]
            or " configs" in line[:30]
            or '"metrics"' in line[:30]
            or '"configs"' in line[:30]
        ]
    shutil.rmtree(folder / "trackio")
    (folder / "trackio").mkdir()
    (folder / "trackio" / "project.sql").write_text(
        "\n".join(line for line in lines if "INDEX" not in line) + "\n"
    )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        globals()[sys.argv[2]](Path(sys.argv[1]).absolute())
    else:
        fixtures(Path(sys.argv[1]).absolute())
