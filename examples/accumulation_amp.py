"""Gradients of four small batches added up, in mixed precision (bfloat16), with clipping and a schedule."""

import sys

import torch
from torch import nn

import tuilab

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 300
PARTS = 4
torch.manual_seed(0)
middles = 2 * torch.randn(10, 1, 12, 12)


def batch(count):
    labels = torch.randint(10, (count,))
    return middles[labels] + 1.5 * torch.randn(count, 1, 12, 12), labels


model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Flatten(), nn.Linear(32 * 36, 10),
)  # fmt: skip
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
scaler = torch.amp.GradScaler("cpu")
with tuilab.watch(model, optimizer, name="accumulation-amp", steps=STEPS, config={"parts": PARTS}) as w:
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        total = 0.0
        for _ in range(PARTS):
            x, y = batch(32)
            with torch.autocast("cpu", torch.bfloat16):
                loss = nn.functional.cross_entropy(model(x), y) / PARTS
            scaler.scale(loss).backward()
            total += loss.item()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        schedule.step()
        w.log(loss=total)
        if step % 50 == 0:
            model.eval()
            with torch.no_grad():
                x, y = batch(256)
                w.log(**{"validation/accuracy": (model(x).argmax(1) == y).float().mean()})
            model.train()
