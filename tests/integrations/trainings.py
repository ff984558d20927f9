"""`python trainings.py NAME`: a small training of a framework, two epochs, watched; says what it logged.

Each is run in a process of its own, which may change its environment as it likes.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

BATCHES, BATCH, WIDE, EPOCHS = 6, 8, 4, 2


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, WIDE), nn.Tanh(), nn.Linear(WIDE, 1))


def data() -> torch.utils.data.TensorDataset:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(BATCHES * BATCH, 3, generator=generator)
    return torch.utils.data.TensorDataset(x, x.sum(1, keepdim=True))


def loader() -> Any:
    return torch.utils.data.DataLoader(data(), batch_size=BATCH)


def _module() -> Any:
    import lightning.pytorch as pl

    class Module(pl.LightningModule):
        def __init__(self, width: int = WIDE, fails: bool = False) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.net = network()
            self.fails = fails
            self.said: dict[str, dict[int, float]] = {"loss": {}, "val_loss": {}, "train_loss": {}}

        def training_step(self, batch: Any, index: int) -> Any:
            x, y = batch
            loss = (self.net(x) - y).square().mean()
            if self.fails and self.global_step == 3:
                raise ValueError("on purpose")
            self.log("train_loss", loss)
            self.said["loss"][self.global_step + 1] = loss.item()
            self.said["train_loss"][self.global_step] = loss.item()
            return loss

        def validation_step(self, batch: Any, index: int) -> None:
            x, y = batch
            self.log("val_loss", (self.net(x) - y).square().mean())

        def on_validation_epoch_end(self) -> None:
            if not self.trainer.sanity_checking:
                self.said["val_loss"][self.global_step] = self.trainer.callback_metrics["val_loss"].item()

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.05)

    return Module


def _trainer(**options: Any) -> Any:
    import lightning.pytorch as pl

    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    quiet |= {"enable_model_summary": False, "accelerator": "cpu", "max_epochs": EPOCHS}
    return pl.Trainer(**quiet | options)


def lightning() -> dict[str, Any]:
    from tuilab.integrations.lightning import TuilabCallback

    module = _module()()
    _trainer(callbacks=[TuilabCallback(every=2)]).fit(module, loader(), loader())
    return dict(module.said)


def lightning_fails() -> dict[str, Any]:
    from tuilab.integrations.lightning import TuilabCallback

    try:
        _trainer(callbacks=[TuilabCallback()]).fit(_module()(fails=True), loader())
    except ValueError:
        return {}
    raise AssertionError


def lightning_stopped() -> dict[str, Any]:
    from lightning.pytorch.callbacks import Callback

    from tuilab.integrations.lightning import TuilabCallback
    from tuilab.runs import find, runs_folder

    class Asks(Callback):
        def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, index: int) -> None:
            if trainer.global_step == 5:
                find(runs_folder()).send("stop")

    trainer = _trainer(callbacks=[TuilabCallback(control=True), Asks()], max_epochs=10_000)
    trainer.fit(_module()(), loader())
    return {"steps": trainer.global_step if trainer.global_step < 10_000 else 10_000}


def lightning_logger() -> dict[str, Any]:
    from tuilab.integrations.lightning import TuilabLogger

    module = _module()()
    _trainer(logger=TuilabLogger(name="logged"), log_every_n_steps=1).fit(module, loader(), loader())
    said: dict[str, Any] = dict(module.said)
    # Lightning logs the validation of an epoch at its last step.
    said["val_loss"] = {step - 1: value for step, value in said["val_loss"].items()}
    return said


def lightning_asleep() -> dict[str, Any]:
    trainer = _trainer()
    count = sum(
        type(callback).__module__ == "tuilab.integrations.lightning" for callback in trainer.callbacks
    )
    trainer.fit(_module()(), loader())
    return {"callbacks": count}


def _hugging_face() -> Any:
    from transformers import TrainingArguments

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def forward(self, x: Any, labels: Any = None) -> Any:
            out = self.net(x)
            return {"loss": (out - labels).square().mean(), "logits": out}

    arguments = TrainingArguments(
        output_dir="out",
        num_train_epochs=EPOCHS,
        per_device_train_batch_size=BATCH,
        logging_steps=2,
        eval_strategy="epoch",
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        learning_rate=0.05,
    )
    return Net(), arguments, [{"x": x, "labels": y} for x, y in data()]


def transformers() -> dict[str, Any]:
    from transformers import Trainer

    from tuilab.integrations.transformers import TuilabCallback

    model, arguments, rows = _hugging_face()
    watcher = TuilabCallback(every=2)
    trainer = Trainer(model, arguments, train_dataset=rows, eval_dataset=rows, callbacks=[watcher])
    trainer.train()
    log = trainer.state.log_history
    return {"steps": trainer.state.global_step} | {
        name: {row["step"]: row[name] for row in log if name in row} for name in ("loss", "eval_loss")
    }


def accelerate() -> dict[str, Any]:
    from accelerate import Accelerator

    from tuilab.integrations.accelerate import TuilabTracker

    model = network()
    accelerator = Accelerator(cpu=True, log_with=TuilabTracker(model, every=2))
    accelerator.init_trackers("mine", config={"width": WIDE})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    prepared, optimizer, batches = accelerator.prepare(model, optimizer, loader())
    losses, step = {}, 0
    for _ in range(EPOCHS):
        for x, y in batches:
            step += 1
            optimizer.zero_grad()
            loss = (prepared(x) - y).square().mean()
            accelerator.backward(loss)
            optimizer.step()
            losses[step] = loss.item()
            accelerator.log({"loss": loss.item()}, step=step)
    accelerator.end_training()
    return {"loss": losses}


def accelerate_figures() -> dict[str, Any]:
    from accelerate import Accelerator

    from tuilab.integrations.accelerate import TuilabTracker

    accelerator = Accelerator(cpu=True, log_with=TuilabTracker(name="figures"))
    accelerator.init_trackers("mine")
    losses = {0: 3.0, 10: 2.0, 20: 1.5}
    for step, loss in losses.items():
        accelerator.log({"loss": loss, "note": "no figure"}, step=step)
    accelerator.end_training()
    return {"loss": losses}


def _keras() -> Any:
    import keras as k

    x, y = (tensor.numpy() for tensor in data().tensors)
    model = k.Sequential([k.layers.Dense(WIDE, activation="tanh"), k.layers.Dense(1)])
    model.compile(optimizer=k.optimizers.SGD(0.05), loss="mse")
    return model, x, y


def keras() -> dict[str, Any]:
    import keras as k

    from tuilab.integrations.keras import TuilabCallback

    class Says(k.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.said: dict[str, dict[int, float]] = {"loss": {}, "val_loss": {}}

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.said["loss"][len(self.said["loss"]) + 1] = float(logs["loss"])

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.said["val_loss"][len(self.said["loss"])] = float(logs["val_loss"])

    model, x, y = _keras()
    says = Says()
    callbacks = [TuilabCallback(name="mine"), says]
    model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, validation_data=(x, y), callbacks=callbacks, verbose=0)
    return dict(says.said)


def page() -> dict[str, Any]:
    """A block of the page on one's own code, from standard input, with what it takes for granted."""
    code = sys.stdin.read()
    model = network()
    given: dict[str, Any] = {
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.05),
        "loader": loader(),
    }
    if "lightning" in code:
        given["module"] = _module()()
    if "transformers" in code:
        given |= dict(zip(("model", "arguments", "rows"), _hugging_face(), strict=True))
    if "keras" in code:
        given |= dict(zip(("keras_model", "x", "y"), _keras(), strict=True))
    exec(code, given)
    return {}


TRAININGS: dict[str, Callable[[], dict[str, Any]]] = {
    training.__name__: training
    for training in (
        lightning,
        lightning_fails,
        lightning_stopped,
        lightning_logger,
        lightning_asleep,
        transformers,
        accelerate,
        accelerate_figures,
        keras,
        page,
    )
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    del sys.path[0]  # this folder, in which modules may be called as packages are
    torch.set_num_threads(1)
    print(json.dumps(TRAININGS[sys.argv[1]]()))
